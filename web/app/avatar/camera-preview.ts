/** One's own camera in a corner, with the landmarks that the avatar goes by. */

import { type HolisticFrame, type Landmark, PALETTE, type Part } from "holistic-rtc";
import { element, fadeIn } from "../base/dom.js";

/** The parts that `draw()` draws. The server has its own list of what it draws. */
export const PREVIEW_PARTS: readonly Part[] = ["pose", "face", "left_hand", "right_hand"];

/** Lines through landmarks, by their numbers. */
const TRUNK = [[11, 12, 24, 23, 11]];
const LEFT_LIMBS = [
  [11, 13, 15],
  [23, 25, 27, 31],
];
const RIGHT_LIMBS = [
  [12, 14, 16],
  [24, 26, 28, 32],
];
const HAND = [
  [0, 1, 2, 3, 4],
  [0, 5, 6, 7, 8],
  [9, 10, 11, 12],
  [13, 14, 15, 16],
  [17, 18, 19, 20],
  [5, 9, 13, 17, 0],
];
const SEEN = 0.5;

export class CameraPreview {
  readonly #figure = element("preview", HTMLElement);
  readonly #video = element("preview-video", HTMLVideoElement);
  readonly #canvas = element("preview-overlay", HTMLCanvasElement);
  #stream: MediaStream | null = null;
  #wanted = false;

  constructor() {
    fadeIn(this.#video);
  }

  /** The stream of the camera; null when there is none. */
  show(stream: MediaStream | null): void {
    this.#stream = stream;
    this.#update();
  }

  /** Whether it is to be seen when there is a stream. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#update();
  }

  draw({ width, height, poseLandmarks, faceLandmarks, leftHandLandmarks, rightHandLandmarks }: HolisticFrame): void {
    if (this.#figure.hidden) {
      return;
    }
    Object.assign(this.#canvas, { width, height }); // Which clears it, too.
    const context = this.#canvas.getContext("2d")!;
    context.scale(width, height);
    const size = 4 / width;
    const [pose, leftHand, rightHand] = [poseLandmarks[0], leftHandLandmarks[0], rightHandLandmarks[0]];
    const strokes = [
      { path: trace(pose, TRUNK), colour: PALETTE.middle },
      { path: trace(pose, LEFT_LIMBS), colour: PALETTE.left },
      { path: trace(pose, RIGHT_LIMBS), colour: PALETTE.right },
      { path: trace(leftHand, HAND), colour: PALETTE.left },
      { path: trace(rightHand, HAND), colour: PALETTE.right },
    ];
    context.lineWidth = 1.5 * size;
    context.strokeStyle = PALETTE.outline;
    strokes.forEach(({ path }) => context.stroke(path));
    context.lineWidth = size;
    for (const { path, colour } of strokes) {
      context.strokeStyle = colour;
      context.stroke(path);
    }
    context.fillStyle = PALETTE.mesh;
    for (const { x, y } of faceLandmarks[0] ?? []) {
      context.fillRect(x - size / 4, y - size / 3, size / 2, (size * 2) / 3);
    }
  }

  #update(): void {
    const stream = this.#wanted ? this.#stream : null;
    this.#figure.hidden = !stream;
    if (this.#video.srcObject !== stream) {
      this.#video.srcObject = stream;
      this.#canvas.width = 0;
    }
  }
}

/** The lines between points that can be seen. */
function trace(points: readonly Landmark[] | undefined, lines: readonly number[][]): Path2D {
  const path = new Path2D();
  const isSeen = ({ visibility }: Landmark) => lines === HAND || visibility > SEEN; // A hand's points have none.
  for (const line of points ? lines : []) {
    for (let i = 1; i < line.length; i++) {
      const [from, to] = [points![line[i - 1]!]!, points![line[i]!]!];
      if (isSeen(from) && isSeen(to)) {
        path.moveTo(from.x, from.y);
        path.lineTo(to.x, to.y);
      }
    }
  }
  return path;
}
