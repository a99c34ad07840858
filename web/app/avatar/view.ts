/** The picture of an avatar: scene, camera and the loop that draws it. */

import { Emitter, type Rig } from "holistic-rtc";
import { Box3, DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from "three";

import type { Avatar } from "./avatar.js";
import type { Motion } from "./motion.js";
import { makeShadow } from "./shadow.js";

/** Beyond it a picture costs more and looks the same. */
const MAX_PIXEL_RATIO = 2;
/** As coarse as it gets where drawing is slower than so many seconds for a picture, on the mean of so many pictures. */
const MIN_PIXEL_RATIO = 0.5;
const SLOW_SECONDS = 1 / 24;
const PACE_PICTURES = 20;
/** What swings by itself would be flung away by the pause of a page that was hidden. */
const MAX_STEP_SECONDS = 0.1;
/** So long something may swing that nobody moves. */
const SWING_MS = 3000;
const FIELD_OF_VIEW = 24;
/** Of the head's bone, in metres, of somebody 1.7 m tall. */
const HEAD_HEIGHT = 1.54;
/** Metres around what is to be seen, of an avatar 1.7 m tall. */
const FULL_FRAME = { width: 1.15, below: 0.09, above: 0.34 };
const UPPER_FRAME = { width: 0.86, below: 0.44, above: 0.35 };
/** Of the room that a narrow window leaves, so much is above the head. */
const SPARE_ABOVE = 0.3;

export class AvatarView extends Emitter<{ graphics: "well" | "lost" }> {
  readonly #motion: Motion;
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.1, 50);
  readonly #canvas: HTMLCanvasElement;
  readonly #shadow = makeShadow();
  #avatar: Avatar | null = null;
  #height = 1.7;
  #headHeight = HEAD_HEIGHT;
  #framedUpper: boolean | null = null;
  /** The pose that was drawn last; null when it has to be drawn again. */
  #pose: Rig | null = null;
  #movedAt = 0;
  #drawnAt = 0;
  /** Seconds between pictures, on the mean, and how many of them there were in this size. */
  #pace = 0;
  #pictures = 0;

  /**
   * @param canvas - whose size on the page is followed; what is behind it shines through.
   * @throws Error when the browser has no WebGL 2 here.
   */
  constructor(canvas: HTMLCanvasElement, motion: Motion) {
    super();
    this.#motion = motion;
    this.#canvas = canvas;
    this.#renderer = new WebGLRenderer({ canvas, alpha: true, antialias: true });
    const sun = new DirectionalLight(0xfff6ee, 1.9);
    sun.position.set(0.9, 1.6, 2.2);
    const back = new DirectionalLight(0xdff2ff, 1.1);
    back.position.set(-1.4, 1.2, -1.8);
    this.#scene.add(sun, back, new HemisphereLight(0xffffff, 0xc7b6ac, 1.6), this.#shadow);
    canvas.addEventListener("webglcontextlost", () => this.emit("graphics", "lost"));
    canvas.addEventListener("webglcontextrestored", () => {
      this.#pose = null;
      this.emit("graphics", "well");
    });
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#renderer.setAnimationLoop((now: number) => this.#draw(now));
  }

  get avatar(): Avatar | null {
    return this.#avatar;
  }

  /** How much of it the graphics card holds. */
  get memory(): { geometries: number; textures: number } {
    const { geometries, textures } = this.#renderer.info.memory;
    return { geometries, textures };
  }

  /** Show it in the place of the one before, which is disposed of. */
  setAvatar(avatar: Avatar): void {
    if (this.#avatar) {
      this.#scene.remove(this.#avatar.object);
      this.#avatar.dispose();
    }
    this.#avatar = avatar;
    this.#scene.add(avatar.object);
    this.#height = new Box3().setFromObject(avatar.object).max.y;
    this.#headHeight = avatar.bone("head")!.getWorldPosition(new Vector3()).y;
    this.#shadow.scale.setScalar(this.#headHeight / HEAD_HEIGHT);
    this.#frame();
  }

  /** If there is anything new to see. */
  #draw(now: number): void {
    if (this.#motion.settings.upperBody !== this.#framedUpper) {
      this.#frame();
    }
    const pose = this.#motion.at(now);
    if (pose !== this.#pose) {
      this.#pose = pose;
      this.#movedAt = now;
    }
    const seconds = Math.min((now - this.#drawnAt) / 1000, MAX_STEP_SECONDS);
    this.#drawnAt = now;
    if (now - this.#movedAt <= SWING_MS) {
      if (this.#avatar) {
        this.#avatar.apply(pose, seconds);
        const { x, z } = this.#avatar.bone("hips")!.getWorldPosition(new Vector3());
        this.#shadow.position.set(x, 0, z);
      }
      this.#keepPace(seconds);
      this.#renderer.render(this.#scene, this.#camera);
    }
  }

  /** A coarser picture moves better than a fine one that takes too long. To be called before drawing: it empties the canvas. */
  #keepPace(seconds: number): void {
    this.#pictures += 1;
    this.#pace += (seconds - this.#pace) / Math.min(this.#pictures, PACE_PICTURES);
    const ratio = this.#renderer.getPixelRatio();
    if (this.#pictures >= PACE_PICTURES && this.#pace > SLOW_SECONDS && ratio > MIN_PIXEL_RATIO) {
      this.#renderer.setPixelRatio(Math.max(MIN_PIXEL_RATIO, ratio * 0.7));
      this.#pictures = 0;
    }
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth > 0 && clientHeight > 0) {
      this.#renderer.setPixelRatio(Math.min(devicePixelRatio, MAX_PIXEL_RATIO));
      this.#pictures = 0;
      this.#renderer.setSize(clientWidth, clientHeight, false);
      this.#camera.aspect = clientWidth / clientHeight;
      this.#frame();
      this.#renderer.render(this.#scene, this.#camera); // A canvas of another size is empty, and would flicker.
    }
  }

  /** Go so far away that all of it that is to be seen fits, in height and in width. */
  #frame(): void {
    const upper = (this.#framedUpper = this.#motion.settings.upperBody);
    const scale = this.#headHeight / HEAD_HEIGHT;
    const bottom = upper ? this.#headHeight - UPPER_FRAME.below * scale : -FULL_FRAME.below * scale;
    const top = upper ? this.#headHeight + UPPER_FRAME.above * scale : this.#height + FULL_FRAME.above * scale;
    const width = (upper ? UPPER_FRAME.width : FULL_FRAME.width) * scale;
    const height = Math.max(top - bottom, width / this.#camera.aspect);
    const middle = top + SPARE_ABOVE * (height - top + bottom) - height / 2;
    this.#camera.position.set(0, middle, height / 2 / Math.tan((FIELD_OF_VIEW * Math.PI) / 360));
    this.#camera.lookAt(0, middle, 0);
    this.#camera.updateProjectionMatrix();
    this.#pose = null;
  }
}
