/** The avatar that is always there: a figure of simple shapes, made here. */

import { type BoneName, type Rig, RIG_BONES, RIG_PARENTS } from "holistic-rtc";
import { type BufferGeometry, Group, type Material, Mesh, Object3D, TorusGeometry } from "three";

import type { Avatar } from "./avatar.js";
import { MannequinFace } from "./mannequin-face.js";
import { COLOURS, ellipsoid, limb, mesh, turned } from "./mannequin-shapes.js";

type Triple = [number, number, number];

/** Where each bone begins, from where its parent does, in metres: those of the rig's own skeleton. Right ones mirror left ones. */
const TRUNK: Partial<Record<BoneName, Triple>> = {
  hips: [0, 0.95, 0],
  spine: [0, 0.1, 0],
  chest: [0, 0.14, 0],
  neck: [0, 0.26, 0],
  head: [0, 0.09, 0],
};
const LEFT: Record<string, Triple> = {
  Eye: [0.041, 0.098, 0.085],
  UpperArm: [0.17, 0.2, 0],
  LowerArm: [0.27, 0, 0],
  Hand: [0.25, 0, 0],
  ThumbMetacarpal: [0.02, -0.01, 0.025],
  ThumbProximal: [0.032, 0, 0.032],
  ThumbDistal: [0.023, 0, 0.023],
  IndexProximal: [0.09, 0, 0.025],
  IndexIntermediate: [0.042, 0, 0],
  IndexDistal: [0.025, 0, 0],
  MiddleProximal: [0.092, 0, 0.003],
  MiddleIntermediate: [0.046, 0, 0],
  MiddleDistal: [0.028, 0, 0],
  RingProximal: [0.087, 0, -0.018],
  RingIntermediate: [0.042, 0, 0],
  RingDistal: [0.026, 0, 0],
  LittleProximal: [0.08, 0, -0.038],
  LittleIntermediate: [0.033, 0, 0],
  LittleDistal: [0.02, 0, 0],
  UpperLeg: [0.09, -0.05, 0],
  LowerLeg: [0, -0.42, 0],
  Foot: [0, -0.42, 0],
};

export class Mannequin implements Avatar {
  readonly object = new Group();
  readonly #bones = new Map<BoneName, Object3D>();
  readonly #face = new MannequinFace();

  constructor() {
    for (const name of RIG_BONES) {
      const node = new Object3D();
      node.name = name;
      node.position.set(...offset(name));
      const parent = RIG_PARENTS[name];
      (parent ? this.#bones.get(parent)! : this.object).add(node);
      this.#bones.set(name, node);
    }
    this.#bones.get("head")!.add(this.#face.object);
    this.#dress();
    this.object.updateWorldMatrix(true, true);
  }

  bone(name: BoneName): Object3D | null {
    return this.#bones.get(name) ?? null;
  }

  apply(rig: Rig): void {
    for (const [name, node] of this.#bones) {
      node.quaternion.set(...rig.bones[name]);
    }
    this.#bones.get("hips")!.position.set(...rig.hipsPosition);
    this.#face.apply(rig);
  }

  dispose(): void {
    this.object.traverse((node) => {
      if (node instanceof Mesh) {
        (node.geometry as BufferGeometry).dispose();
        (node.material as Material).dispose(); // Shared ones more than once, which does no harm.
      }
    });
  }

  #dress(): void {
    const { skin, top, collar, trousers } = COLOURS;
    const trunk = { depth: 0.72, segments: 28, roundness: 0.35 };
    const hips = turned(
      [
        [-0.09, 0.12],
        [-0.04, 0.15],
        [0.06, 0.114],
      ],
      { ...trunk, depth: 0.6 },
    );
    // The hem lies well outside the trousers, so that neither shows through the other.
    const waist = turned(
      [
        [-0.072, 0.14],
        [-0.066, 0.142],
        [0.03, 0.124],
        [0.13, 0.122],
      ],
      { ...trunk, roundness: 0.05 },
    );
    const ribs = turned(
      [
        [-0.03, 0.119],
        [0.06, 0.134],
        [0.13, 0.143],
        [0.185, 0.136],
        [0.222, 0.11],
        [0.246, 0.082],
        [0.266, 0.062],
      ],
      { ...trunk, depth: 0.74, roundness: 0.1 },
    );
    const neckline = new TorusGeometry(0.051, 0.0085, 10, 32).rotateX(Math.PI / 2).rotateX(0.12);
    this.#add("hips", mesh(hips, trousers));
    this.#add("spine", mesh(waist, top));
    this.#add("chest", mesh(ribs, top));
    this.#add("chest", mesh(neckline, collar, [0, 0.267, 0.001]));
    const throat = turned(
      [
        [-0.03, 0.045],
        [0.1, 0.04],
      ],
      { segments: 20 },
    );
    this.#add("neck", mesh(throat, skin));
    for (const side of ["left", "right"] as const) {
      const sign = side === "left" ? 1 : -1;
      const along = (geometry: BufferGeometry) => geometry.rotateZ((-sign * Math.PI) / 2);
      const down = (geometry: BufferGeometry) => geometry.rotateX(Math.PI);
      const shoulder = ellipsoid([0.13, 0.054, 0.062], top, [sign * 0.08, 0.2, -0.002], 28);
      shoulder.rotation.z = -sign * 0.12;
      this.#add("chest", shoulder);
      this.#add(`${side}UpperArm`, mesh(along(limb(0.25, 0.044, 0.04, 20)), top));
      this.#add(`${side}LowerArm`, mesh(along(limb(0.25, 0.038, 0.028, 18)), skin));
      const cuff = new TorusGeometry(0.0385, 0.006, 8, 24).rotateY(Math.PI / 2);
      this.#add(`${side}UpperArm`, mesh(cuff, collar, [sign * 0.245, 0, 0]));
      this.#add(`${side}UpperLeg`, mesh(down(limb(0.42, 0.078, 0.056, 20)), trousers));
      this.#add(`${side}LowerLeg`, mesh(down(limb(0.4, 0.056, 0.042, 20)), trousers));
      this.#add(`${side}Foot`, ellipsoid([0.048, 0.05, 0.062], COLOURS.shoes, [0, -0.035, 0.005], 16));
      this.#add(`${side}Foot`, ellipsoid([0.05, 0.046, 0.125], COLOURS.shoes, [0, -0.055, 0.062], 18));
      this.#add(`${side}Foot`, ellipsoid([0.053, 0.014, 0.132], COLOURS.soles, [0, -0.089, 0.06], 18));
      this.#add(`${side}Hand`, ellipsoid([0.056, 0.02, 0.045], skin, [sign * 0.05, 0, -0.004], 16));
      this.#dressFingers(side, along);
    }
  }

  #dressFingers(side: "left" | "right", along: (geometry: BufferGeometry) => BufferGeometry): void {
    const { skin } = COLOURS;
    for (const [finger, thickness, last] of [
      ["Index", 0.0105, 0.02],
      ["Middle", 0.011, 0.022],
      ["Ring", 0.0105, 0.02],
      ["Little", 0.0092, 0.017],
    ] as const) {
      const lengths = [LEFT[`${finger}Intermediate`]![0], LEFT[`${finger}Distal`]![0], last];
      (["Proximal", "Intermediate", "Distal"] as const).forEach((joint, i) => {
        const radius = thickness * (1 - 0.08 * i);
        this.#add(`${side}${finger}${joint}`, mesh(along(limb(lengths[i]!, radius, radius * 0.92, 8)), skin));
      });
    }
    // The thumb lies between the x and the z axis.
    const sign = side === "left" ? 1 : -1;
    (["ThumbMetacarpal", "ThumbProximal", "ThumbDistal"] as const).forEach((joint, i) => {
      const radius = [0.0155, 0.0125, 0.0115][i]!;
      const geometry = along(limb([0.045, 0.032, 0.024][i]!, radius, radius * 0.88, 8)).rotateY((-sign * Math.PI) / 4);
      this.#add(`${side}${joint}`, mesh(geometry, skin));
    });
  }

  #add(bone: BoneName, part: Object3D): void {
    this.#bones.get(bone)!.add(part);
  }
}

function offset(name: BoneName): Triple {
  const [x, y, z] = TRUNK[name] ?? LEFT[name.replace(/^(left|right)/, "")]!;
  return name.startsWith("right") ? [-x, y, z] : [x, y, z];
}
