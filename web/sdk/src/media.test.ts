import { expect, test } from "vitest";
import { nextMaxFps } from "./media.js";

test("all frames are sent as long as most of them are tracked", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 24 })).toBeNull();
});

test("when many are passed over, a few more are sent than are tracked", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 12 })).toBe(15);
  expect(nextMaxFps(24, { fpsIn: 24, fpsOut: 10 })).toBe(13);
});

test("the rate rises again when the tracker keeps up, until there is no limit", () => {
  let limit = nextMaxFps(null, { fpsIn: 30, fpsOut: 6 });
  const rates = [];
  while (limit !== null) {
    rates.push(limit);
    limit = nextMaxFps(limit, { fpsIn: limit, fpsOut: limit });
  }
  expect(rates).toEqual([8, 10, 13, 17, 22, 28]);
});

test("it never falls so low that nothing moves, nor changes while nothing comes", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 0 })).toBe(8);
  expect(nextMaxFps(13, { fpsIn: 0, fpsOut: 0 })).toBe(13);
});
