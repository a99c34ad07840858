/** How a rig moves a VRM avatar: which of the model's own bones and expressions take what. */

import { ARKIT_BLENDSHAPES, type BoneName, type Rig, RIG_EXPRESSIONS } from "holistic-rtc";
import { Quaternion as Rotation, Vector3 } from "three";

import { product } from "./rig-pose.js";

/** A model with so many of the ARKit shapes is made for them ("perfect sync"). */
const ENOUGH_ARKIT = ARKIT_BLENDSHAPES.length / 2;

/** The rig's hips are so high at rest, in metres. */
const RIG_HIPS = 0.95;

/**
 * Rotations for a model that may lack the chest or the neck, which VRM leaves to the model. What they do goes to the spine
 * and to the head, so that all that hangs on them is turned as before.
 */
export function fittedBones(bones: Rig["bones"], has: (bone: BoneName) => boolean): Rig["bones"] {
  return {
    ...bones,
    ...(!has("chest") && { spine: product(bones.spine, bones.chest) }),
    ...(!has("neck") && { head: product(bones.neck, bones.head) }),
  };
}

/** In the space of a VRM 0.x model, which looks to -z: half a turn around y from that of the rig. */
export function turnedAround<V extends [number, number, number, ...number[]]>([x, y, z, ...w]: V): V {
  return [-x, y, -z, ...w] as V;
}

/** How far the hips are from where they are at rest, in metres of a model whose hips are `height` above the floor. */
export function hipsOffset([x, y, z]: Rig["hipsPosition"], height: number): [number, number, number] {
  const scale = height / RIG_HIPS;
  return [x * scale, (y - RIG_HIPS) * scale, z * scale];
}

/** Where the eyes look, both together: degrees to the person's left, and down. */
export function gaze({ bones: { leftEye, rightEye } }: Rig): { yaw: number; pitch: number } {
  const direction = new Vector3();
  for (const eye of [leftEye, rightEye]) {
    direction.add(new Vector3(0, 0, 1).applyQuaternion(new Rotation(...eye)));
  }
  const { x, y, z } = direction;
  return { yaw: toDegrees(Math.atan2(x, z)), pitch: toDegrees(Math.atan2(-y, Math.hypot(x, z))) };
}

/** Values of a model's expressions, by the model's names. */
export type FaceDriver = (rig: Rig) => [name: string, value: number][];

/**
 * Drives a face by the ARKit shapes where the model has most of them, whose names it may spell with a capital, and else by
 * VRM's presets: never by both, which would move it twice.
 *
 * @param names - of the model's expressions.
 * @param looksByItself - whether the model turns its eyes without them.
 */
export function faceDriver(names: readonly string[], looksByItself: boolean): FaceDriver {
  const own = new Map(names.map((name) => [uncapitalised(name), name]));
  const arkit = ARKIT_BLENDSHAPES.filter((name) => own.has(name));
  if (arkit.length > ENOUGH_ARKIT) {
    const driven = arkit.filter((name) => !(looksByItself && name.startsWith("eyeLook")));
    return ({ arkit: scores }) => driven.map((name) => [own.get(name)!, scores[name]]);
  }
  const driven = RIG_EXPRESSIONS.filter((name) => own.has(name) && !(name.startsWith("look") && looksByItself));
  // What both eyes do is in none of the expressions for one of them.
  const withBoth = own.has("blink") ? [] : ["blinkLeft", "blinkRight"];
  return ({ expressions }) =>
    driven.map((name) => [own.get(name)!, expressions[name] + (withBoth.includes(name) ? expressions.blink : 0)]);
}

function uncapitalised(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function toDegrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
