/**
 * Motion as BVH: what `holistic-rtc record` writes into a `.bvh`, in centimetres and degrees. A bone rotates about z, then
 * x, then y, each time about the axes rotated so far.
 */

import { type BoneName, RIG_BONES, RIG_OFFSETS, RIG_PARENTS } from "holistic-rtc";
import { Euler, MathUtils, Quaternion } from "three";
import type { Pose } from "./motion.js";

type Angles = [z: number, x: number, y: number];

const FPS = 30;
const CENTIMETRES = 100;
/** Where the left side's bones without children end, in metres from where they begin. */
const ENDS: Readonly<Record<string, readonly [number, number, number]>> = {
  Eye: [0, 0, 0.02],
  ThumbDistal: [0.02, 0, 0.02],
  IndexDistal: [0.022, 0, 0],
  MiddleDistal: [0.024, 0, 0],
  RingDistal: [0.023, 0, 0],
  LittleDistal: [0.019, 0, 0],
  Foot: [0, -0.06, 0.14],
};

/** The index of each bone in a pose, in the file's order: a bone is followed by its descendants. */
const ORDER = descendants("hips").map((bone) => RIG_BONES.indexOf(bone));

/**
 * The file's text, in pieces. BVH has a constant frame rate, so the motion is resampled.
 *
 * @param poses - at least one, at increasing times.
 */
export function toBvh(poses: readonly Pose[], fps = FPS): string[] {
  const frames = Math.floor(poses.at(-1)!.seconds * fps + 1e-6) + 1;
  const lines = [
    "HIERARCHY",
    ...joint("hips", ""),
    "MOTION",
    `Frames: ${frames}`,
    `Frame Time: ${(1 / fps).toFixed(9)}`,
  ];
  let next = 1;
  let last = ORDER.map((): Angles => [0, 0, 0]);
  for (let frame = 0; frame < frames; frame += 1) {
    const seconds = frame / fps;
    while (next < poses.length - 1 && poses[next]!.seconds < seconds) {
      next += 1;
    }
    const [from, to] = [poses[next - 1]!, poses[Math.min(next, poses.length - 1)]!];
    const span = to.seconds - from.seconds;
    const share = span > 0 ? MathUtils.clamp((seconds - from.seconds) / span, 0, 1) : 0;
    const hips = [0, 1, 2].map((axis) => MathUtils.lerp(from.hipsPosition[axis]!, to.hipsPosition[axis]!, share));
    last = ORDER.map((bone, i) => nearest(anglesBetween(from, to, bone, share), last[i]!));
    lines.push(
      [...hips.map((value) => value * CENTIMETRES), ...last.flat()].map((value) => value.toFixed(4)).join(" "),
    );
  }
  return lines.map((line) => `${line}\n`);
}

function childrenOf(bone: BoneName): BoneName[] {
  return RIG_BONES.filter((child) => RIG_PARENTS[child] === bone);
}

function descendants(bone: BoneName): BoneName[] {
  return [bone, ...childrenOf(bone).flatMap(descendants)];
}

function joint(bone: BoneName, indent: string): string[] {
  const isRoot = RIG_PARENTS[bone] === null;
  const children = childrenOf(bone);
  const side = bone.startsWith("left") ? 1 : -1;
  const [x, y, z] = ENDS[bone.replace(/^(left|right)/, "")] ?? [0, 0, 0];
  const end = ["  End Site", "  {", `    ${offset([side * x, y, z])}`, "  }"].map((line) => indent + line);
  return [
    `${indent}${isRoot ? "ROOT" : "JOINT"} ${bone}`,
    `${indent}{`,
    // Programs differ in whether the root's position is added to its offset.
    `${indent}  ${offset(isRoot ? [0, 0, 0] : RIG_OFFSETS[bone])}`,
    `${indent}  CHANNELS ${isRoot ? "6 Xposition Yposition Zposition" : "3"} Zrotation Xrotation Yrotation`,
    ...(children.length > 0 ? children.flatMap((child) => joint(child, `${indent}  `)) : end),
    `${indent}}`,
  ];
}

function offset(metres: readonly number[]): string {
  return `OFFSET ${metres.map((value) => (value * CENTIMETRES + 0).toFixed(2)).join(" ")}`;
}

const rotation = new Quaternion();
const target = new Quaternion();
const euler = new Euler();

function anglesBetween(from: Pose, to: Pose, bone: number, share: number): Angles {
  rotation
    .fromArray(from.rotations, 4 * bone)
    .slerp(target.fromArray(to.rotations, 4 * bone), share)
    .normalize();
  const { x, y, z } = euler.setFromQuaternion(rotation, "ZXY");
  return [z, x, y].map(MathUtils.radToDeg) as Angles;
}

/** Of equivalent angles those nearest to the frame before, so that programs that interpolate angles don't spin the bones. */
function nearest([z, x, y]: Angles, last: Angles): Angles {
  const candidates = [
    [z, x, y],
    [z + 180, 180 - x, y + 180],
  ].map((angles) => angles.map((angle, i) => angle + 360 * Math.round((last[i]! - angle) / 360)) as Angles);
  const [one, other] = candidates.map((angles) =>
    angles.reduce((sum, angle, i) => sum + Math.abs(angle - last[i]!), 0),
  );
  return candidates[one! <= other! ? 0 : 1]!;
}
