import type { Quaternion, Rig } from "holistic-rtc";
import { Quaternion as Rotation } from "three";
import { beforeEach, expect, it } from "vitest";

import { RigInterpolator } from "./interpolation.js";
import { AT_EASE } from "./rig-pose.js";

/** A head that is turned to the left. */
function headAt(degrees: number): Rig {
  const half = (degrees * Math.PI) / 360;
  return { ...AT_EASE, bones: { ...AT_EASE.bones, head: [0, Math.sin(half), 0, Math.cos(half)] } };
}

function degreesAt(now: number): number {
  const [, y, , w] = rigs.at(now)!.bones.head;
  return (2 * Math.atan2(y, w) * 180) / Math.PI;
}

let rigs: RigInterpolator;
beforeEach(() => {
  rigs = new RigInterpolator();
});

it("before the first rig there is nothing to show, and then that rig", () => {
  expect(rigs.at(0)).toBeNull();
  rigs.push(headAt(10), 0, 1000);
  expect(degreesAt(1000)).toBeCloseTo(10);
  expect(degreesAt(1020)).toBeCloseTo(10);
});

it("a rig is reached in the time between it and the one before, and not passed", () => {
  rigs.push(headAt(0), 0, 1000);
  rigs.push(headAt(30), 33, 1033);
  expect([1033, 1044, 1055, 1066, 1080, 1500].map((now) => Math.round(degreesAt(now)))).toEqual([
    0, 10, 20, 30, 30, 30,
  ]);
});

it("the pace is that of the pictures, not that of their coming", () => {
  rigs.push(headAt(0), 0, 1000);
  rigs.push(headAt(30), 100, 1010); // Held up on its way was the first one.
  expect(degreesAt(1060)).toBeCloseTo(15);
});

it("one that comes early is gone to from what is shown, without a leap", () => {
  rigs.push(headAt(0), 0, 1000);
  rigs.push(headAt(40), 40, 1040);
  rigs.push(headAt(60), 80, 1050); // When a quarter of the way to the one before was gone.
  expect(degreesAt(1050)).toBeCloseTo(10);
  expect(degreesAt(1070)).toBeCloseTo(35);
  expect(degreesAt(1090)).toBeCloseTo(60);
});

it("what is shown is never older than one interval", () => {
  const pace = 40;
  for (let frame = 0; frame < 50; frame++) {
    const jitter = (frame * 7919) % 13;
    rigs.push(headAt(frame), frame * pace, 1000 + frame * pace + jitter);
    const arrived = degreesAt(1000 + frame * pace + jitter);
    expect(arrived).toBeGreaterThan(frame - 1.4);
    expect(degreesAt(1000 + (frame + 1) * pace + jitter)).toBeCloseTo(frame);
  }
});

it("after a gap the new rig is shown at once", () => {
  rigs.push(headAt(0), 0, 1000);
  rigs.push(headAt(80), 700, 1700);
  expect(degreesAt(1700)).toBeCloseTo(80);
});

it("when the video's clock begins anew, so does the movement", () => {
  rigs.push(headAt(0), 9000, 1000);
  rigs.push(headAt(50), 0, 1040);
  expect(degreesAt(1040)).toBeCloseTo(50);
});

it("what was forgotten is not shown any more, nor gone on from", () => {
  rigs.push(headAt(20), 0, 1000);
  rigs.clear();
  expect(rigs.at(1010)).toBeNull();
  rigs.push(headAt(50), 33, 1033);
  expect(degreesAt(1033)).toBeCloseTo(50);
});

it("rotations stay of length 1 on their way", () => {
  rigs.push(headAt(-80), 0, 1000);
  rigs.push(headAt(80), 100, 1100);
  for (const now of [1110, 1150, 1190]) {
    const head: Quaternion = rigs.at(now)!.bones.head;
    expect(new Rotation(...head).length()).toBeCloseTo(1);
  }
});
