/**
 * Motion as VRM Animation: what `holistic-rtc record` writes into a `.vrma`, a binary glTF without meshes.
 *
 * Source: VRMC_vrm_animation 1.0, https://github.com/vrm-c/vrm-specification, and glTF 2.0.
 */

import { type BoneName, RIG_BONES, RIG_EXPRESSIONS, RIG_OFFSETS, RIG_PARENTS } from "holistic-rtc";
import type { Pose } from "./motion.js";

const FLOAT = 5126;
const COMPONENTS = { SCALAR: 1, VEC3: 3, VEC4: 4 } as const;
const [LEFT_EYE, RIGHT_EYE] = [RIG_BONES.indexOf("leftEye"), RIG_BONES.indexOf("rightEye")];

interface Node {
  name: string;
  translation?: readonly number[];
  children?: number[];
}

/**
 * The file's content, in pieces.
 *
 * @param poses - at least one, at increasing times.
 */
export function toVrma(poses: readonly Pose[]): Uint8Array<ArrayBuffer>[] {
  return new Animation(poses).toGlb();
}

class Animation {
  readonly #poses: readonly Pose[];
  readonly #nodes: Node[] = [];
  readonly #roots: number[] = [];
  readonly #views: object[] = [];
  readonly #accessors: object[] = [];
  readonly #samplers: object[] = [];
  readonly #channels: object[] = [];
  readonly #data: Uint8Array<ArrayBuffer>[] = [];
  readonly #extension: object;
  readonly #times: number;
  #bytes = 0;

  constructor(poses: readonly Pose[]) {
    this.#poses = poses;
    const limits = { min: [Math.fround(poses[0]!.seconds)], max: [Math.fround(poses.at(-1)!.seconds)] };
    this.#times = this.#addArray(({ seconds }) => [seconds], "SCALAR", limits);
    this.#extension = {
      specVersion: "1.0",
      humanoid: { humanBones: this.#addBones() },
      expressions: { preset: this.#addExpressions() },
      lookAt: this.#addGaze(),
    };
  }

  /** The format has a gaze direction in place of the eyes. */
  #addBones(): Partial<Record<BoneName, { node: number }>> {
    const bones: Partial<Record<BoneName, { node: number }>> = {};
    RIG_BONES.forEach((bone, index) => {
      if (index !== LEFT_EYE && index !== RIGHT_EYE) {
        const parent = RIG_PARENTS[bone];
        const node = this.#addNode({ name: bone, translation: RIG_OFFSETS[bone] }, parent && bones[parent]!.node);
        bones[bone] = { node };
        this.#animate(node, "rotation", (pose) => rotationOf(pose, index));
      }
    });
    this.#animate(bones.hips!.node, "translation", ({ hipsPosition }) => hipsPosition);
    return bones;
  }

  /** A weight is the x of a translation. */
  #addExpressions(): Record<string, { node: number }> {
    const expressions: Record<string, { node: number }> = {};
    RIG_EXPRESSIONS.forEach((name, index) => {
      if (!name.startsWith("look")) {
        const node = this.#addNode({ name });
        expressions[name] = { node };
        this.#animate(node, "translation", (pose) => [pose.expressions[index]!, 0, 0]);
      }
    });
    return expressions;
  }

  #addGaze(): object {
    const node = this.#addNode({ name: "lookAt" });
    this.#animate(node, "rotation", (pose) => halfway(rotationOf(pose, LEFT_EYE), rotationOf(pose, RIGHT_EYE)));
    const [, y, z] = RIG_OFFSETS.leftEye;
    return { node, offsetFromHeadBone: [0, y, z] };
  }

  #addNode(node: Node, parent: number | null = null): number {
    const index = this.#nodes.push(node) - 1;
    if (parent === null) {
      this.#roots.push(index);
    } else {
      (this.#nodes[parent]!.children ??= []).push(index);
    }
    return index;
  }

  #animate(node: number, path: "rotation" | "translation", read: (pose: Pose) => ArrayLike<number>): void {
    const output = this.#addArray(read, path === "rotation" ? "VEC4" : "VEC3");
    this.#channels.push({ sampler: this.#samplers.length, target: { node, path } });
    this.#samplers.push({ input: this.#times, interpolation: "LINEAR", output });
  }

  #addArray(read: (pose: Pose) => ArrayLike<number>, type: keyof typeof COMPONENTS, limits: object = {}): number {
    const size = COMPONENTS[type];
    const bytes = new Uint8Array(4 * size * this.#poses.length);
    const view = new DataView(bytes.buffer);
    this.#poses.forEach((pose, i) => {
      const values = read(pose);
      for (let component = 0; component < size; component += 1) {
        view.setFloat32(4 * (size * i + component), values[component]!, true);
      }
    });
    this.#views.push({ buffer: 0, byteOffset: this.#bytes, byteLength: bytes.length });
    this.#data.push(bytes);
    this.#bytes += bytes.length;
    const bufferView = this.#views.length - 1;
    return this.#accessors.push({ bufferView, componentType: FLOAT, count: this.#poses.length, type, ...limits }) - 1;
  }

  /** Source: glTF 2.0, "GLB file format". All values have 4 bytes, so only the JSON is padded. */
  toGlb(): Uint8Array<ArrayBuffer>[] {
    const document = JSON.stringify({
      asset: { version: "2.0", generator: "holistic-rtc" },
      extensionsUsed: ["VRMC_vrm_animation"],
      extensions: { VRMC_vrm_animation: this.#extension },
      scene: 0,
      scenes: [{ nodes: this.#roots }],
      nodes: this.#nodes,
      animations: [{ name: "take", samplers: this.#samplers, channels: this.#channels }],
      accessors: this.#accessors,
      bufferViews: this.#views,
      buffers: [{ byteLength: this.#bytes }],
    });
    const text = new TextEncoder().encode(document.padEnd(Math.ceil(document.length / 4) * 4));
    const json = chunk(text.length, "JSON");
    const binary = chunk(this.#bytes, "BIN\0");
    const header = new Uint8Array(12);
    header.set(new TextEncoder().encode("glTF"));
    const view = new DataView(header.buffer);
    view.setUint32(4, 2, true);
    view.setUint32(8, header.length + json.length + text.length + binary.length + this.#bytes, true);
    return [header, json, text, binary, ...this.#data];
  }
}

/** The header of a chunk of so many bytes. */
function chunk(length: number, type: string): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, length, true);
  header.set(new TextEncoder().encode(type), 4);
  return header;
}

function rotationOf({ rotations }: Pose, bone: number): Float32Array {
  return rotations.subarray(4 * bone, 4 * bone + 4);
}

/** Between rotations that are small and similar. */
function halfway(one: Float32Array, other: Float32Array): number[] {
  const sign = one.reduce((sum, value, i) => sum + value * other[i]!, 0) < 0 ? -1 : 1;
  const sum = Array.from(one, (value, i) => value + sign * other[i]!);
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}
