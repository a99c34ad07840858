/** The mannequin's face: eyes that look and blink, brows, and a mouth that speaks. */

import type { Rig } from "holistic-rtc";
import { BufferAttribute, BufferGeometry, Group, type Material, MathUtils, type Mesh, SphereGeometry } from "three";

import { COLOURS, ellipsoid, mesh } from "./mannequin-shapes.js";

/** The head's half axes and its middle, from the bone. */
const HEAD = { x: 0.108, y: 0.136, z: 0.116 };
const MIDDLE = { y: 0.106, z: 0.012 };
/** Half the size of its outline, and how far the iris goes from the middle when it looks fully to the side. */
const EYE = { x: 0.043, y: 0.09, width: 0.0265, height: 0.032, travel: 0.05 };
const IRIS = { width: 0.0185, height: 0.026 };
const BROW_Y = 0.148;
const MOUTH_Y = 0.031;
/** Of a patch of colour. */
const COLUMNS = 18;
const ROWS = 6;

export class MannequinFace {
  readonly object = new Group();
  readonly #eyes = { Left: new Eye(1), Right: new Eye(-1) };
  readonly #brows = { Left: new Brow(1), Right: new Brow(-1) };
  readonly #mouth = new Mouth();

  constructor() {
    const head = ellipsoid([HEAD.x, HEAD.y, HEAD.z], COLOURS.skin, [0, MIDDLE.y, MIDDLE.z], 32);
    narrowChin(head);
    this.object.add(head, hair(), this.#mouth.mesh);
    this.object.add(ellipsoid([0.0095, 0.013, 0.015], COLOURS.skin, [0, 0.067, surface(0, 0.067) + 0.001], 16));
    for (const side of [1, -1]) {
      this.object.add(ellipsoid([0.014, 0.028, 0.02], COLOURS.skin, [side * 0.108, 0.092, 0.004], 12));
    }
    for (const side of ["Left", "Right"] as const) {
      this.object.add(this.#eyes[side].object, this.#brows[side].mesh);
    }
  }

  apply({ bones, expressions, arkit }: Rig): void {
    for (const side of ["Left", "Right"] as const) {
      const closed = Math.max(expressions.blink + expressions[`blink${side}`], 0.25 * arkit[`eyeSquint${side}`]);
      this.#eyes[side].shape(side === "Left" ? bones.leftEye : bones.rightEye, closed);
      const down = arkit[`browDown${side}`];
      const raised = 0.55 * arkit.browInnerUp + 0.6 * arkit[`browOuterUp${side}`] - 0.7 * down;
      const tilt = 0.3 * (arkit.browInnerUp - arkit[`browOuterUp${side}`]) - 0.35 * down;
      this.#brows[side].shape(0.014 * raised, tilt);
    }
    this.#mouth.shape({
      open: Math.max(arkit.jawOpen, 0.8 * expressions.aa, 0.6 * expressions.oh),
      wide:
        Math.max(expressions.ee, expressions.ih) - Math.max(expressions.ou, 0.6 * expressions.oh, arkit.mouthPucker),
      smile: (arkit.mouthSmileLeft + arkit.mouthSmileRight - arkit.mouthFrownLeft - arkit.mouthFrownRight) / 2,
    });
  }
}

/** An eye that is painted onto the head: a lid that falls makes its outline lower, which the rest of it keeps within. */
class Eye {
  readonly object = new Group();
  readonly #parts = {
    white: new Patch(COLOURS.eye, 0.0008),
    iris: new Patch(COLOURS.iris, 0.0014),
    pupil: new Patch(COLOURS.pupil, 0.002),
    shine: new Patch(COLOURS.eye, 0.0026),
    lashes: new Patch(COLOURS.hair, 0.0032),
  };
  readonly #x: number;

  constructor(side: number) {
    this.#x = side * EYE.x;
    this.object.add(...Object.values(this.#parts).map(({ mesh }) => mesh));
    this.shape([0, 0, 0, 1], 0);
  }

  /**
   * @param rotation - of the eye's bone.
   * @param closed - 0 to 1.
   */
  shape([x, y, z, w]: Rig["bones"]["leftEye"], closed: number): void {
    const { white, iris, pupil, shine, lashes } = this.#parts;
    const lid = 0.86 - 1.36 * Math.min(1, closed); // How high its edge is, of the outline's half height.
    const gaze = { x: EYE.travel * 2 * (x * z + w * y), y: EYE.travel * 2 * (y * z - w * x) };
    const outline = (u: number) => {
      const height = EYE.height * Math.sqrt(Math.max(0, 1 - u * u));
      return { x: this.#x + u * EYE.width, top: EYE.y + lid * height, bottom: EYE.y - Math.max(0.5, -lid) * height };
    };
    const within = (middle: { x: number; y: number }, size: number) => (u: number) => {
      const x = clamp(middle.x + u * size * IRIS.width, EYE.width);
      const half = size * IRIS.height * Math.sqrt(Math.max(0, 1 - ((x - middle.x) / (size * IRIS.width)) ** 2));
      const edge = outline(x / EYE.width);
      const inside = (value: number) => Math.max(edge.bottom, Math.min(edge.top, EYE.y + value));
      return { x: edge.x, top: inside(middle.y + half), bottom: inside(middle.y - half) };
    };
    white.shape(outline);
    iris.shape(within(gaze, 1));
    pupil.shape(within(gaze, 0.55));
    shine.shape(within({ x: gaze.x + 0.006, y: gaze.y + 0.009 }, 0.22));
    lashes.shape((u) => {
      const { x, top } = outline(u);
      return { x, top: top + 0.0045 * (1 - 0.6 * u * u), bottom: top - 0.0008 };
    });
  }
}

class Brow {
  readonly #patch = new Patch(COLOURS.hair, 0.0012);
  readonly mesh = this.#patch.mesh;
  readonly #side: number;

  constructor(side: number) {
    this.#side = side;
    this.shape(0, 0);
  }

  /**
   * @param raised - in metres.
   * @param tilt - its slope: above 0 when its inner end is the higher one.
   */
  shape(raised: number, tilt: number): void {
    this.#patch.shape((u) => {
      const x = this.#side * EYE.x + u * 0.023;
      const y = BROW_Y + raised - 0.008 * u * u - tilt * this.#side * u * 0.023;
      const half = 0.0034 * (1 - 0.65 * Math.max(0, this.#side * u) ** 2); // Thinner towards the temple.
      return { x, top: y + half, bottom: y - half };
    });
  }
}

class Mouth {
  readonly #patch = new Patch(COLOURS.mouth, 0.0012);
  readonly mesh = this.#patch.mesh;

  constructor() {
    this.shape({ open: 0, wide: 0, smile: 0 });
  }

  /**
   * @param open - 0 to 1; `wide` and `smile` from -1 to 1.
   */
  shape({ open, wide, smile }: { open: number; wide: number; smile: number }): void {
    const halfWidth = 0.026 * (1 + 0.3 * wide + 0.22 * smile - 0.12 * open);
    const line = 0.0022;
    const gap = 0.036 * open;
    this.#patch.shape((u) => {
      const middle = MOUTH_Y + (0.004 + 0.011 * smile) * (u * u - 0.4);
      const round = Math.sqrt(Math.max(0, 1 - u * u));
      const lip = line * (0.35 + 0.65 * round);
      return { x: u * halfWidth, top: middle + lip + 0.3 * gap * round, bottom: middle - lip - 0.7 * gap * round };
    });
  }
}

/** A patch of colour on the head, between two lines. */
class Patch {
  readonly mesh: Mesh;
  readonly #positions = new BufferAttribute(new Float32Array((COLUMNS + 1) * (ROWS + 1) * 3), 3);
  readonly #lift: number;

  /**
   * @param lift - how far it is off the head, in metres.
   */
  constructor(material: Material, lift: number) {
    this.#lift = lift;
    const index = [];
    for (let column = 0; column < COLUMNS; column++) {
      for (let row = 0; row < ROWS; row++) {
        const corner = column * (ROWS + 1) + row;
        const next = corner + ROWS + 1;
        index.push(corner, corner + 1, next, next, corner + 1, next + 1);
      }
    }
    const forward = Float32Array.from({ length: this.#positions.count * 3 }, (_, i) => (i % 3 === 2 ? 1 : 0));
    const geometry = new BufferGeometry().setIndex(index).setAttribute("position", this.#positions);
    this.mesh = mesh(geometry.setAttribute("normal", new BufferAttribute(forward, 3)), material);
    this.mesh.frustumCulled = false;
  }

  /**
   * @param lines - for each u from -1 to 1.
   */
  shape(lines: (u: number) => { x: number; top: number; bottom: number }): void {
    for (let column = 0; column <= COLUMNS; column++) {
      const { x, top, bottom } = lines((2 * column) / COLUMNS - 1);
      for (let row = 0; row <= ROWS; row++) {
        const y = top + ((bottom - top) * row) / ROWS;
        this.#positions.setXYZ(column * (ROWS + 1) + row, x, y, surface(x, y) + this.#lift);
      }
    }
    this.#positions.needsUpdate = true;
  }
}

/**
 * A shell around the head that dives into it at the hairline, and ends there: seen edge-on, what were below it would show
 * as specks on the cheeks in renderers whose depths are coarse.
 */
function hair(): Mesh {
  const geometry = new SphereGeometry(1, 64, 48);
  const positions = geometry.getAttribute("position");
  const sizes: number[] = [];
  for (let i = 0; i < positions.count; i++) {
    const [x, y, z] = [positions.getX(i), positions.getY(i), positions.getZ(i)];
    const above = MathUtils.smoothstep(y - hairline(Math.atan2(x, z)), -0.07, 0.07);
    const size = 0.9 + above * (0.17 + 0.04 * Math.max(0, -z));
    sizes.push(size);
    positions.setXYZ(i, x * size * HEAD.x * narrowing(y), y * size * HEAD.y, z * size * HEAD.z);
  }
  const corners = [...geometry.getIndex()!.array];
  geometry.setIndex(
    corners.filter((_, i) => [0, 1, 2].some((corner) => sizes[corners[i - (i % 3) + corner]!]! > 0.96)),
  );
  geometry.computeVertexNormals();
  return mesh(geometry, COLOURS.hair, [0, MIDDLE.y, MIDDLE.z]);
}

/**
 * How low the hair comes, from the middle of the head, of its half height.
 *
 * @param angle - around the head: 0 in front, and to the person's left.
 */
function hairline(angle: number): number {
  const fringe = 0.6 - 0.32 * Math.min(1, Math.abs(angle - 0.42) / 1.2) ** 1.5; // Parted on the left.
  const nape = -0.5;
  const turn = MathUtils.smoothstep(Math.abs(angle), 1.2, 2.3);
  return fringe + (nape - fringe) * turn;
}

/** The front of the head there: how far along z, from the bone. */
function surface(x: number, y: number): number {
  const dy = (y - MIDDLE.y) / HEAD.y;
  const width = HEAD.x * narrowing(dy);
  return MIDDLE.z + HEAD.z * Math.sqrt(Math.max(0, 1 - dy * dy - (x / width) ** 2));
}

/** Of the head's width towards the chin. */
function narrowing(dy: number): number {
  return dy < 0 ? 1 - 0.2 * dy * dy : 1;
}

function narrowChin({ geometry }: Mesh): void {
  const positions = geometry.getAttribute("position");
  for (let i = 0; i < positions.count; i++) {
    positions.setX(i, positions.getX(i) * narrowing(positions.getY(i) / HEAD.y));
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
