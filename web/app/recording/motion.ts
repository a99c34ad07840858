/** Poses over time, for the formats of animation programs. */

import { type HolisticFrame, type Rig, RIG_BONES, RIG_EXPRESSIONS } from "holistic-rtc";
import type { TakeFile, Writer } from "./take.js";

/** Poses of so many bytes take an hour at 30 frames a second. */
export const MOTION_LIMIT_BYTES = 100_000_000;

const ROTATIONS = 4 * RIG_BONES.length;
const HIPS = 3;

/** A rig at a time, in single precision. */
export interface Pose {
  /** From the first pose on. */
  seconds: number;
  /** A quaternion x, y, z, w for each bone. */
  rotations: Float32Array;
  /** In metres. */
  hipsPosition: Float32Array;
  expressions: Float32Array;
}

/** Makes the first person's motion into files. It starts when that person is first seen. */
export class MotionWriter implements Writer {
  readonly #nobody: Rig;
  readonly #encode: (poses: readonly Pose[]) => TakeFile[];
  readonly #poses: Pose[] = [];
  #startMs = 0;
  #newestMs = 0;
  #bytes = 0;

  /**
   * @param nobody - how somebody stands who isn't seen.
   * @param encode - called when the motion is complete, unless nobody was seen.
   */
  constructor(nobody: Rig, encode: (poses: readonly Pose[]) => TakeFile[]) {
    this.#nobody = nobody;
    this.#encode = encode;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that aren't later than the one before are left out. */
  add({ rig, timestampMs, person }: Pick<HolisticFrame, "rig" | "timestampMs" | "person">): void {
    const isFirst = this.#poses.length === 0;
    if (person !== 0 || (isFirst ? rig === null : timestampMs <= this.#newestMs)) {
      return;
    }
    if (isFirst) {
      this.#startMs = timestampMs;
    }
    this.#newestMs = timestampMs;
    const pose = toPose(rig ?? this.#nobody, (timestampMs - this.#startMs) / 1000);
    this.#poses.push(pose);
    this.#bytes += pose.rotations.buffer.byteLength;
  }

  finish(): TakeFile[] {
    return this.#poses.length > 0 ? this.#encode(this.#poses) : [];
  }
}

function toPose({ bones, hipsPosition, expressions }: Rig, seconds: number): Pose {
  const numbers = Float32Array.from([
    ...RIG_BONES.flatMap((bone) => bones[bone]),
    ...hipsPosition,
    ...RIG_EXPRESSIONS.map((name) => expressions[name]),
  ]);
  return {
    seconds,
    rotations: numbers.subarray(0, ROTATIONS),
    hipsPosition: numbers.subarray(ROTATIONS, ROTATIONS + HIPS),
    expressions: numbers.subarray(ROTATIONS + HIPS),
  };
}
