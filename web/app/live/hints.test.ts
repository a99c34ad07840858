import type { HolisticFrame, Landmark } from "holistic-rtc";
import { describe, expect, it } from "vitest";
import type { Figures } from "../inspector/figures.js";
import { findHint, type Seen, SteadyHint } from "./hints.js";

const point = (x: number, y: number): Landmark => ({ x, y, z: 0, visibility: 1 });

function person(changes: Readonly<Record<number, Landmark>> = {}): HolisticFrame {
  const pose = Array.from({ length: 33 }, () => point(0.5, 0.5));
  Object.assign(pose, { 11: point(0.6, 0.4), 12: point(0.4, 0.4), 13: point(0.7, 0.6), 15: point(0.7, 0.8) }, changes);
  return { poseLandmarks: [pose], faceLandmarks: [] as Landmark[][] } as HolisticFrame;
}

const nobody = { poseLandmarks: [] as Landmark[][], faceLandmarks: [] as Landmark[][] } as HolisticFrame;
const figures = (changes: Partial<Figures>) =>
  ({ fpsSent: 30, fpsReceived: 25, limitedBy: null, ...changes }) as Figures;
const well: Seen = { frame: person(), brightness: 0.5, figures: figures({}), dropped: 0, limited: false };

describe("of what is seen", () => {
  it.each<[string, Partial<Seen>, ReturnType<typeof findHint>]>([
    ["all is well", {}, null],
    ["nothing is known yet", { frame: null, brightness: null, figures: null }, null],
    ["it is dark", { brightness: 0.05, frame: nobody }, "dark"],
    ["nobody is there", { frame: nobody }, "nobody"],
    ["somebody is far away", { frame: person({ 11: point(0.52, 0.4), 12: point(0.48, 0.4) }) }, "far"],
    ["somebody stands sideways", { frame: person({ 11: { ...point(0.5, 0.4), z: 0.2 }, 12: point(0.5, 0.4) }) }, null],
    ["both hands are out of the picture", { frame: person({ 15: point(0.7, 1.1), 16: point(-0.1, 0.8) }) }, "wrists"],
    ["one hand is out of the picture", { frame: person({ 15: point(0.7, 1.1) }) }, null],
    ["the device sends little", { figures: figures({ fpsSent: 6, fpsReceived: 6, limitedBy: "cpu" }) }, "slowDevice"],
    [
      "the network carries little",
      { figures: figures({ fpsSent: 6, fpsReceived: 6, limitedBy: "bandwidth" }) },
      "slowNetwork",
    ],
    [
      "less is sent since the server is slow",
      { figures: figures({ fpsSent: 8, fpsReceived: 8 }), limited: true },
      "slowServer",
    ],
    ["frames are lost on their way", { figures: figures({ fpsReceived: 6 }) }, "slowNetwork"],
    ["the server skips frames", { figures: figures({ fpsReceived: 6 }), dropped: 22 }, "slowServer"],
  ])("when %s, it says so", (_, changes, hint) => {
    expect(findHint({ ...well, ...changes })).toBe(hint);
  });
});

it("what passes within two seconds isn't said, and what is said stays as long", () => {
  const steady = new SteadyHint();
  const found = [null, "far", "far", null, "far", "far", "far", null, null, "far", null, null, null] as const;
  expect(found.map((hint) => steady.next(hint))).toEqual([
    ...Array<null>(6).fill(null),
    ...Array<string>(6).fill("far"),
    null,
  ]);
});
