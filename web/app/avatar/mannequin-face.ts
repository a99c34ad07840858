/** The mannequin's face: eyes that look and blink, brows, and a mouth that speaks. */

import { BufferAttribute, BufferGeometry, Group, Mesh, type Object3D, SphereGeometry, TorusGeometry } from "three";

import type { Rig } from "../../sdk/src/index.js";
import { COLOURS, ellipsoid, mesh } from "./mannequin-shapes.js";

/** The head's half axes and its middle, from the bone. */
const HEAD = { x: 0.108, y: 0.136, z: 0.116 };
const MIDDLE = { y: 0.106, z: 0.012 };
const EYE = { x: 0.043, y: 0.094, radius: 0.032, height: 1.14 };
const BROW_Y = 0.15;
const MOUTH_Y = 0.031;
/** Columns of the mouth's strip. */
const COLUMNS = 18;
/** The lid's angles around x, open and closed. */
const LID = { open: -0.52, closed: 1.3 };

export class MannequinFace {
  readonly object = new Group();
  readonly #eyes = { Left: new Eye(1), Right: new Eye(-1) };
  readonly #brows = { Left: brow(1), Right: brow(-1) };
  readonly #mouth = new Mouth();

  constructor() {
    const head = ellipsoid([HEAD.x, HEAD.y, HEAD.z], COLOURS.skin, [0, MIDDLE.y, MIDDLE.z], 32);
    narrowChin(head);
    this.object.add(head, ...hair(), this.#mouth.mesh);
    this.object.add(ellipsoid([0.011, 0.012, 0.014], COLOURS.skin, [0, 0.066, surface(0, 0.066) + 0.002], 12));
    for (const side of [1, -1]) {
      this.object.add(ellipsoid([0.014, 0.028, 0.02], COLOURS.skin, [side * 0.108, 0.092, 0.004], 12));
    }
    for (const side of ["Left", "Right"] as const) {
      this.object.add(this.#eyes[side].object, this.#brows[side]);
    }
  }

  apply({ bones, expressions, arkit }: Rig): void {
    for (const side of ["Left", "Right"] as const) {
      const eye = this.#eyes[side];
      eye.look(side === "Left" ? bones.leftEye : bones.rightEye);
      const closed = expressions.blink + expressions[`blink${side}`];
      eye.close(Math.max(closed, 0.25 * arkit[`eyeSquint${side}`]));
      const down = arkit[`browDown${side}`];
      const raised = 0.55 * arkit.browInnerUp + 0.6 * arkit[`browOuterUp${side}`] - 0.7 * down;
      const tilt = 0.3 * (arkit.browInnerUp - arkit[`browOuterUp${side}`]) - 0.35 * down;
      this.#brows[side].position.y = BROW_Y + 0.014 * raised;
      this.#brows[side].rotation.z = (side === "Left" ? -1 : 1) * (tilt + 0.12);
    }
    this.#mouth.shape({
      open: Math.max(arkit.jawOpen, 0.8 * expressions.aa, 0.6 * expressions.oh),
      wide:
        Math.max(expressions.ee, expressions.ih) - Math.max(expressions.ou, 0.6 * expressions.oh, arkit.mouthPucker),
      smile: (arkit.mouthSmileLeft + arkit.mouthSmileRight - arkit.mouthFrownLeft - arkit.mouthFrownRight) / 2,
    });
  }
}

class Eye {
  readonly object = new Group();
  readonly #ball = new Group();
  readonly #lid = new Group();

  constructor(side: number) {
    const { radius } = EYE;
    const x = side * EYE.x;
    this.object.position.set(x, EYE.y, surface(x, EYE.y) - radius * 0.77);
    this.object.scale.set(1, EYE.height, 1);
    this.#ball.add(disc(radius * 1.012, 0.66, "iris"), disc(radius * 1.024, 0.38, "pupil"));
    const shine = ellipsoid([0.0042, 0.0038, 0.0016], COLOURS.eye, [0.007, 0.0085, radius * 1.005], 8);
    const shell = new SphereGeometry(radius * 1.07, 22, 8, 0, Math.PI * 2, 0, Math.PI / 2);
    const lashes = mesh(new TorusGeometry(radius * 1.07, 0.0021, 5, 20, Math.PI).rotateX(Math.PI / 2), COLOURS.hair);
    this.#lid.add(mesh(shell, COLOURS.skin), lashes);
    this.object.add(ellipsoid([radius, radius, radius], COLOURS.eye, [0, 0, 0], 20), this.#ball, shine, this.#lid);
  }

  look(rotation: Rig["bones"]["leftEye"]): void {
    this.#ball.quaternion.set(...rotation);
  }

  close(part: number): void {
    this.#lid.rotation.x = LID.open + (LID.closed - LID.open) * Math.min(1, part);
  }
}

/** A cap of the eyeball, in front. */
function disc(radius: number, halfAngle: number, colour: "iris" | "pupil"): Mesh {
  const geometry = new SphereGeometry(radius, 22, 4, 0, Math.PI * 2, 0, halfAngle).rotateX(Math.PI / 2);
  return mesh(geometry, COLOURS[colour]);
}

/** A strip of triangles between two lips. */
class Mouth {
  readonly mesh: Mesh;
  readonly #positions = new BufferAttribute(new Float32Array((COLUMNS + 1) * 2 * 3), 3);

  constructor() {
    const index = [];
    for (let column = 0; column < COLUMNS; column++) {
      const [up, down] = [2 * column, 2 * column + 1];
      index.push(up, down, up + 2, up + 2, down, down + 2);
    }
    const geometry = new BufferGeometry().setIndex(index).setAttribute("position", this.#positions);
    geometry.setAttribute(
      "normal",
      new BufferAttribute(
        Float32Array.from({ length: this.#positions.count * 3 }, (_, i) => (i % 3 === 2 ? 1 : 0)),
        3,
      ),
    );
    this.mesh = mesh(geometry, COLOURS.mouth);
    this.mesh.frustumCulled = false;
    this.shape({ open: 0, wide: 0, smile: 0 });
  }

  /**
   * @param open - 0 to 1; `wide` and `smile` from -1 to 1.
   */
  shape({ open, wide, smile }: { open: number; wide: number; smile: number }): void {
    const halfWidth = 0.026 * (1 + 0.3 * wide + 0.22 * smile - 0.12 * open);
    const line = 0.0024;
    const gap = 0.036 * open;
    for (let column = 0; column <= COLUMNS; column++) {
      const u = (2 * column) / COLUMNS - 1;
      const x = u * halfWidth;
      const bend = (0.004 + 0.011 * smile) * (u * u - 0.4);
      const round = Math.sqrt(Math.max(0, 1 - u * u));
      const taper = 0.35 + 0.65 * round;
      this.#set(2 * column, x, MOUTH_Y + bend + line * taper + 0.3 * gap * round);
      this.#set(2 * column + 1, x, MOUTH_Y + bend - line * taper - 0.7 * gap * round);
    }
    this.#positions.needsUpdate = true;
  }

  #set(index: number, x: number, y: number): void {
    this.#positions.setXYZ(index, x, y, surface(x, y) + 0.0015);
  }
}

function brow(side: number): Object3D {
  const x = side * EYE.x;
  const made = mesh(new TorusGeometry(0.05, 0.0042, 6, 12, 0.9).rotateZ(Math.PI / 2 - 0.475), COLOURS.hair);
  made.geometry.translate(0, -0.05, 0);
  made.position.set(x, BROW_Y, surface(x, BROW_Y) + 0.001);
  made.rotation.set(-0.25, side * 0.38, 0);
  return made;
}

/** Two caps that leave a parting between them. */
function hair(): Mesh[] {
  return [1, -1].map((side) => {
    const cap = new SphereGeometry(1, 26, 12, 0, Math.PI * 2, 0, 1.62);
    const shell = mesh(cap.scale(HEAD.x * 1.11, HEAD.y * 1.1, HEAD.z * 1.1), COLOURS.hair);
    shell.position.set(side * 0.002, MIDDLE.y + 0.008, MIDDLE.z - 0.006);
    shell.rotation.set(-0.6, 0, side * (side > 0 ? 0.42 : 0.2));
    return shell;
  });
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
