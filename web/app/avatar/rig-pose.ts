/** What is done to a rig before an avatar takes it: mirroring, calibration, legs at rest. Rigs go in and new ones come out. */

import { ARKIT_BLENDSHAPES, type BoneName, type Quaternion, type Rig, RIG_BONES, RIG_EXPRESSIONS } from "holistic-rtc";
import { Quaternion as Rotation } from "three";

const HIPS_AT_REST: Rig["hipsPosition"] = [0, 0.95, 0];

/** Those whose pose is calibrated, and with them where the hips are. */
export const TRUNK = ["hips", "spine", "chest", "neck", "head"] as const satisfies readonly BoneName[];

/** The pose that counts as upright and straight ahead. */
export interface Neutral {
  hipsPosition: Rig["hipsPosition"];
  bones: Record<(typeof TRUNK)[number], Quaternion>;
}

const LEGS = RIG_BONES.filter((bone) => /Leg|Foot/.test(bone));

/** Standing at ease, arms hanging, for when nobody is there to move the avatar: the pose in which the server rests it. */
export const AT_EASE: Rig = {
  hipsPosition: HIPS_AT_REST,
  bones: fromNames(RIG_BONES, (bone) => {
    const side = bone.startsWith("left") ? 1 : -1; // The left arm points to x, and the right one to -x.
    if (bone.endsWith("UpperArm")) {
      return aroundAxis("z", -72 * side);
    }
    if (bone.endsWith("LowerArm")) {
      return aroundAxis("y", -15 * side);
    }
    if (bone.endsWith("ThumbMetacarpal")) {
      return product(aroundAxis("z", -10 * side), aroundAxis("y", 10 * side));
    }
    return /(Index|Middle|Ring|Little)/.test(bone) ? aroundAxis("z", -15 * side) : aroundAxis("z", 0);
  }),
  expressions: fromNames(RIG_EXPRESSIONS, () => 0),
  arkit: fromNames(ARKIT_BLENDSHAPES, () => 0),
};

/** As a mirror shows it: what the left side did, the right one does. */
export function mirrored({ hipsPosition: [x, y, z], bones, expressions, arkit }: Rig): Rig {
  return {
    hipsPosition: [-x, y, z],
    bones: fromNames(RIG_BONES, (bone) => {
      const [qx, qy, qz, qw] = bones[otherSide(bone)];
      return [qx, -qy, -qz, qw];
    }),
    expressions: fromNames(RIG_EXPRESSIONS, (name) => expressions[otherSide(name)]),
    arkit: fromNames(ARKIT_BLENDSHAPES, (name) => arkit[otherSide(name)]),
  };
}

/** With the legs at rest, and the hips where they are at rest: of somebody who sits. */
export function upperBody(rig: Rig): Rig {
  return {
    ...rig,
    hipsPosition: HIPS_AT_REST,
    bones: { ...rig.bones, ...fromNames(LEGS, (bone) => AT_EASE.bones[bone]) },
  };
}

export function toNeutral({ hipsPosition, bones }: Rig): Neutral {
  return { hipsPosition, bones: fromNames(TRUNK, (bone) => bones[bone]) };
}

/** What was written as JSON; null when it is nothing of that kind. */
export function readNeutral(json: string | null): Neutral | null {
  const isNumbers = (value: unknown, length: number) =>
    Array.isArray(value) && value.length === length && value.every((number) => Number.isFinite(number));
  try {
    const { hipsPosition, bones } = JSON.parse(json ?? "") as Neutral;
    return isNumbers(hipsPosition, 3) && TRUNK.every((bone) => isNumbers(bones[bone], 4))
      ? { hipsPosition, bones }
      : null;
  } catch {
    return null; // Nothing, or what an older page or somebody else wrote.
  }
}

/**
 * With the trunk's rotations and the hips' position counted from the neutral pose, in which they are at rest.
 *
 * A rotation of the neutral pose is taken off on the side of the parent, so that a nod of a head that is turned to a screen
 * is still a nod.
 */
export function calibrated(rig: Rig, neutral: Neutral): Rig {
  return {
    ...rig,
    hipsPosition: rig.hipsPosition.map(
      (value, axis) => value - neutral.hipsPosition[axis]! + HIPS_AT_REST[axis]!,
    ) as Rig["hipsPosition"],
    bones: {
      ...rig.bones,
      ...fromNames(TRUNK, (bone) => product(inverse(neutral.bones[bone]), rig.bones[bone])),
    },
  };
}

/** From one rig to another: the first at 0, the second at 1. */
export function blended(from: Rig, to: Rig, part: number): Rig {
  if (part >= 1) {
    return to;
  }
  const mix = (a: number, b: number) => a + (b - a) * part;
  return {
    hipsPosition: from.hipsPosition.map((value, axis) => mix(value, to.hipsPosition[axis]!)) as Rig["hipsPosition"],
    bones: fromNames(RIG_BONES, (bone) => {
      const result: Quaternion = [0, 0, 0, 1];
      Rotation.slerpFlat(result, 0, from.bones[bone], 0, to.bones[bone], 0, part);
      return result;
    }),
    expressions: fromNames(RIG_EXPRESSIONS, (name) => mix(from.expressions[name], to.expressions[name])),
    arkit: fromNames(ARKIT_BLENDSHAPES, (name) => mix(from.arkit[name], to.arkit[name])),
  };
}

/** The rotation `second`, and then `first` around the axes of the parent. */
export function product(first: Quaternion, second: Quaternion): Quaternion {
  const result: Quaternion = [0, 0, 0, 1];
  Rotation.multiplyQuaternionsFlat(result, 0, first, 0, second, 0);
  return result;
}

function inverse([x, y, z, w]: Quaternion): Quaternion {
  return [-x, -y, -z, w];
}

function aroundAxis(axis: "y" | "z", degrees: number): Quaternion {
  const half = (degrees * Math.PI) / 360;
  return axis === "y" ? [0, Math.sin(half), 0, Math.cos(half)] : [0, 0, Math.sin(half), Math.cos(half)];
}

const OTHER: Record<string, string> = { left: "right", right: "left", Left: "Right", Right: "Left" };

function otherSide<Name extends string>(name: Name): Name {
  return name.replace(/[lL]eft|[rR]ight/, (side) => OTHER[side]!) as Name;
}

function fromNames<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
