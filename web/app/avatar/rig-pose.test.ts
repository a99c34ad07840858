import { type BoneName, type Quaternion, type Rig, RIG_BONES } from "holistic-rtc";
import { Euler, Quaternion as Rotation, Vector3 } from "three";
import { describe, expect, it } from "vitest";

import { AT_EASE, blended, calibrated, mirrored, readNeutral, toNeutral, upperBody } from "./rig-pose.js";

const IDENTITY: Quaternion = [0, 0, 0, 1];

/** Angles in degrees, applied in the order z, x, y. */
function turn(x: number, y: number, z: number): Quaternion {
  const [rx, ry, rz] = [x, y, z].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  return new Rotation().setFromEuler(new Euler(rx, ry, rz, "YXZ")).toArray();
}

function rigWith(bones: Partial<Record<BoneName, Quaternion>>, more: Partial<Rig> = {}): Rig {
  return { ...AT_EASE, ...more, bones: { ...AT_EASE.bones, ...bones } };
}

function degreesBetween(a: Quaternion, b: Quaternion): number {
  return (new Rotation(...a).angleTo(new Rotation(...b)) * 180) / Math.PI;
}

describe("at ease", () => {
  it("both arms hang down, a little away from the body", () => {
    for (const side of ["left", "right"] as const) {
      const along = new Vector3(side === "left" ? 1 : -1, 0, 0);
      const { x, y } = along.clone().applyQuaternion(new Rotation(...AT_EASE.bones[`${side}UpperArm`]));
      expect(y).toBeLessThan(-0.9);
      expect(x * along.x).toBeGreaterThan(0.2);
    }
  });

  it("is the same in a mirror", () => {
    for (const bone of RIG_BONES) {
      expect(degreesBetween(mirrored(AT_EASE).bones[bone], AT_EASE.bones[bone])).toBeLessThan(0.01);
    }
  });
});

describe("in a mirror", () => {
  const rig = rigWith(
    { leftUpperArm: turn(10, 20, 30), head: turn(5, 40, 7) },
    {
      hipsPosition: [0.2, 0.9, 0.1],
      expressions: { ...AT_EASE.expressions, blinkLeft: 0.9, lookRight: 0.3, aa: 0.5 },
      arkit: { ...AT_EASE.arkit, mouthLeft: 0.4, browDownRight: 0.7, jawOpen: 0.6 },
    },
  );

  it("the right arm does what the left one did, on the other side", () => {
    const [x, y, z, w] = rig.bones.leftUpperArm;
    expect(mirrored(rig).bones.rightUpperArm).toEqual([x, -y, -z, w]);
    const left = new Vector3(1, 0, 0).applyQuaternion(new Rotation(...rig.bones.leftUpperArm));
    const right = new Vector3(-1, 0, 0).applyQuaternion(new Rotation(...mirrored(rig).bones.rightUpperArm));
    expect(right.toArray()).toEqual([-left.x, left.y, left.z].map((value) => expect.closeTo(value, 6) as number));
  });

  it("a head that was turned to the left is turned to the right, and nods as before", () => {
    expect(degreesBetween(mirrored(rig).bones.head, turn(5, -40, -7))).toBeLessThan(0.01);
  });

  it("face and hips change sides", () => {
    const { expressions, arkit, hipsPosition } = mirrored(rig);
    expect([expressions.blinkRight, expressions.blinkLeft, expressions.lookLeft, expressions.aa]).toEqual([
      0.9, 0, 0.3, 0.5,
    ]);
    expect([arkit.mouthRight, arkit.mouthLeft, arkit.browDownLeft, arkit.jawOpen]).toEqual([0.4, 0, 0.7, 0.6]);
    expect(hipsPosition).toEqual([-0.2, 0.9, 0.1]);
  });

  it("and in a second one all is as it was", () => {
    expect(mirrored(mirrored(rig))).toEqual(rig);
  });
});

it("of the upper body alone, legs and the place of the hips are at rest, and the rest moves", () => {
  const rig = rigWith(
    { leftUpperLeg: turn(50, 0, 0), rightFoot: turn(20, 0, 0), hips: turn(0, 15, 0), leftHand: turn(0, 0, 9) },
    { hipsPosition: [0.2, 0.5, 0.1] },
  );
  const { bones, hipsPosition } = upperBody(rig);
  expect([bones.leftUpperLeg, bones.rightFoot, hipsPosition]).toEqual([IDENTITY, IDENTITY, [0, 0.95, 0]]);
  expect([bones.hips, bones.leftHand]).toEqual([rig.bones.hips, rig.bones.leftHand]);
});

describe("calibrated", () => {
  const slouching = rigWith(
    { hips: turn(3, -12, 2), spine: turn(8, 0, 1), head: turn(-6, 25, 0), leftHand: turn(30, 0, 0) },
    { hipsPosition: [0.1, 0.9, -0.05] },
  );

  it("the neutral pose is upright, and all that isn't the trunk stays as it is", () => {
    const { bones, hipsPosition } = calibrated(slouching, toNeutral(slouching));
    for (const bone of ["hips", "spine", "chest", "neck", "head"] as const) {
      expect(degreesBetween(bones[bone], IDENTITY)).toBeLessThan(0.01);
    }
    expect(hipsPosition.map((value) => Number(value.toFixed(6)))).toEqual([0, 0.95, 0]);
    expect(bones.leftHand).toEqual(slouching.bones.leftHand);
  });

  it("a head that is turned to a screen and then nods is seen to nod", () => {
    const nodding = rigWith({ head: turn(14, 25, 0) }); // 20 degrees further down than neutral
    const { x, y, z } = new Euler().setFromQuaternion(
      new Rotation(...calibrated(nodding, toNeutral(slouching)).bones.head),
      "YXZ",
    );
    expect([x, y, z].map((angle) => (angle * 180) / Math.PI)).toEqual(
      [20, 0, 0].map((degrees) => expect.closeTo(degrees, 3) as number),
    );
  });

  it("its neutral pose outlives the page as JSON; anything else is none", () => {
    const neutral = toNeutral(slouching);
    expect(readNeutral(JSON.stringify(neutral))).toEqual(neutral);
    for (const text of [null, "", "null", "{}", '{"hipsPosition":[0,1],"bones":{}}', "nonsense"]) {
      expect(readNeutral(text)).toBeNull();
    }
    expect(readNeutral(JSON.stringify({ ...neutral, bones: { ...neutral.bones, neck: [0, 0, 0, null] } }))).toBeNull();
  });
});

describe("between two poses", () => {
  const from = rigWith({ head: turn(0, 0, 0) }, { hipsPosition: [0, 1, 0], arkit: { ...AT_EASE.arkit, jawOpen: 0.2 } });
  const to = rigWith(
    { head: turn(0, 60, 0) },
    { hipsPosition: [0, 0.8, 0.4], arkit: { ...AT_EASE.arkit, jawOpen: 0.6 } },
  );

  it("rotations go along the arc, at an even pace, and the rest in a line", () => {
    const { bones, hipsPosition, arkit } = blended(from, to, 0.25);
    expect(degreesBetween(bones.head, turn(0, 15, 0))).toBeLessThan(0.01);
    expect(hipsPosition).toEqual([0, expect.closeTo(0.95), expect.closeTo(0.1)]);
    expect(arkit.jawOpen).toBeCloseTo(0.3);
  });

  it("the shorter way is taken, whatever the signs", () => {
    const { bones } = to;
    const negated = { ...to, bones: { ...bones, head: bones.head.map((value) => -value) as Quaternion } };
    expect(degreesBetween(blended(from, negated, 0.5).bones.head, turn(0, 30, 0))).toBeLessThan(0.01);
  });

  it("the second is reached exactly", () => {
    expect(blended(from, to, 1)).toEqual(to);
  });
});
