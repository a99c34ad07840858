/** The pose of an avatar's skeleton and its face: the part `rig` of a landmark message. */

import { DecodeError } from "./errors.js";
import { BLENDSHAPE_NAMES, RIG_BONES, RIG_EXPRESSIONS } from "./parts.js";

/** A rotation: x, y, z, w, of length 1. */
export type Quaternion = [number, number, number, number];

/**
 * One frame's pose of a humanoid, in VRM 1.0's space and names: metres, right-handed, x to the person's left, y up, z where
 * the person looks. At rest it is a T-pose, palms down, in which no bone is rotated ("normalised" bones).
 */
export interface Rig {
  /** Of a skeleton whose hips are 0.95 m above the floor, which is where they are at rest: scale it to the avatar's. */
  hipsPosition: [number, number, number];
  /** Each bone's rotation in its parent's space. */
  bones: Record<BoneName, Quaternion>;
  /** VRM's expressions, 0 to 1. */
  expressions: Record<ExpressionName, number>;
  /** Blendshapes by ARKit's names, 0 to 1. */
  arkit: Record<ArkitName, number>;
}

export type BoneName = (typeof RIG_BONES)[number];
export type ExpressionName = (typeof RIG_EXPRESSIONS)[number];
export type ArkitName = (typeof ARKIT_BLENDSHAPES)[number];

/** MediaPipe's without its `_neutral`, and `tongueOut`, which MediaPipe doesn't know: it is always 0. */
export const ARKIT_BLENDSHAPES = [...withoutNeutral(BLENDSHAPE_NAMES), "tongueOut"] as const;

function withoutNeutral<Names extends readonly string[]>([, ...names]: readonly ["_neutral", ...Names]): Names {
  return names;
}

/**
 * The rig of the numbers of a message, which are in the order of the names above.
 *
 * @throws DecodeError when the position isn't finite, or a rotation is no unit quaternion.
 */
export function toRig(hipsPosition: number[], rotations: number[][], expressions: number[], arkit: number[]): Rig {
  if (!hipsPosition.every(Number.isFinite)) {
    throw new DecodeError("hips_position of the landmark message's rig is not finite");
  }
  return {
    hipsPosition: hipsPosition as Rig["hipsPosition"],
    bones: byName(RIG_BONES, rotations.map(toUnit)),
    expressions: byName(RIG_EXPRESSIONS, expressions),
    arkit: byName(ARKIT_BLENDSHAPES, arkit),
  };
}

function toUnit(rotation: number[]): Quaternion {
  const length = Math.hypot(...rotation);
  // The rounding of writers changes the length by less than a thousandth of that.
  if (!(Math.abs(length - 1) < 0.05)) {
    throw new DecodeError("rig of the landmark message has a rotation that isn't a unit quaternion");
  }
  return rotation.map((value) => value / length) as Quaternion;
}

function byName<Name extends string, Value>(names: readonly Name[], values: Value[]): Record<Name, Value> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<Name, Value>;
}
