import type { Quaternion, Rig } from "holistic-rtc";
import { beforeEach, describe, expect, it } from "vitest";

import { Motion } from "./motion.js";
import { AT_EASE } from "./rig-pose.js";

function around(axis: "x" | "y" | "z", degrees: number): Quaternion {
  const half = (degrees * Math.PI) / 360;
  const sine = (name: string) => (axis === name ? Math.sin(half) : 0);
  return [sine("x"), sine("y"), sine("z"), Math.cos(half)];
}

function rigWith(bones: Partial<Rig["bones"]>): Rig {
  return { ...AT_EASE, bones: { ...AT_EASE.bones, ...bones } };
}

/** Of the head to the left. */
function yawAt(now: number): number {
  const [, y, , w] = motion.at(now).bones.head;
  return (2 * Math.atan2(y, w) * 180) / Math.PI;
}

const TURNED = rigWith({ head: around("y", 60) });

let motion: Motion;
beforeEach(() => {
  motion = new Motion();
});

it("stands at ease as long as nobody is seen", () => {
  expect(motion.at(0)).toEqual(AT_EASE);
  motion.take(null, 0, 10);
  expect(motion.at(20)).toEqual(AT_EASE);
  expect(motion.neutral).toBeNull();
});

it("shows what came as it came, unless it is told otherwise", () => {
  motion.take(TURNED, 0, 100);
  expect(motion.at(100)).toEqual(TURNED);
});

it("comes to rest within a second, without a leap, when nobody is seen any more", () => {
  motion.take(TURNED, 0, 100);
  motion.at(100);
  motion.take(null, 33, 133);
  const angles = [116, 133, 150, 200, 400, 1100].map(yawAt);
  expect(angles[0]).toBeGreaterThan(50);
  expect(angles).toEqual([...angles].sort((a, b) => b - a));
  expect(angles.at(-1)).toBeLessThan(1);
});

it("is the same object as long as nothing moves, so that nothing has to be drawn", () => {
  expect(motion.at(0)).toBe(motion.at(16));
  motion.take(TURNED, 0, 100);
  expect(motion.at(100)).toBe(motion.at(116));
  motion.take(null, 33, 133);
  expect(motion.at(150)).not.toBe(motion.at(166));
  expect(motion.at(3000)).toBe(motion.at(3016));
  motion.take(TURNED, 4000, 4000);
  const before = motion.at(4000);
  motion.settings = { ...motion.settings, mirror: true };
  expect(motion.at(4016)).not.toBe(before);
});

describe("smoothing", () => {
  it("goes a part of the way, the same in a second whatever the rate of drawing", () => {
    const after300Ms = [300 / 5, 300 / 50].map((step) => {
      motion = new Motion();
      motion.settings = { ...motion.settings, smoothing: 1 };
      motion.take(AT_EASE, 0, 0);
      motion.at(0);
      motion.take(TURNED, 5000, 0);
      for (let now = step; now <= 300; now += step) {
        yawAt(now);
      }
      return yawAt(300);
    });
    expect(after300Ms[0]).toBeCloseTo(60 * (1 - Math.exp(-1)), 0);
    expect(after300Ms[1]).toBeCloseTo(after300Ms[0]!, 0);
  });
});

describe("the switches", () => {
  const rig = rigWith({ leftUpperArm: around("z", 40), leftUpperLeg: around("x", -30), head: around("y", 25) });

  it("mirror", () => {
    motion.settings = { ...motion.settings, mirror: true };
    motion.take(rig, 0, 0);
    expect(motion.at(0).bones.rightUpperArm).toEqual(around("z", -40).map((value) => expect.closeTo(value) as number));
  });

  it("upper body", () => {
    motion.settings = { ...motion.settings, upperBody: true };
    motion.take(rig, 0, 0);
    expect(motion.at(0).bones.leftUpperLeg).toEqual([0, 0, 0, 1]);
  });

  it("calibration takes the newest rig, as it came from the server, for neutral", () => {
    motion.settings = { ...motion.settings, mirror: true };
    motion.take(rig, 0, 0);
    motion.settings = { ...motion.settings, neutral: motion.neutral };
    expect(yawAt(0)).toBeCloseTo(0);
    motion.take(rigWith({ head: around("y", 35) }), 5000, 10);
    expect(yawAt(10)).toBeCloseTo(-10);
  });
});
