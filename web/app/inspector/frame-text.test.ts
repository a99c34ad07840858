import { readFileSync } from "node:fs";
import { decode } from "holistic-rtc";
import { expect, it } from "vitest";
import { formatFrame } from "./frame-text.js";

const frame = decode(readFileSync(new URL("../../../tests/vectors/person.bin", import.meta.url)));
const more = (count: number) => `and ${count} more`;

it("shows a few points of each part, and says how many there are besides", () => {
  const text = formatFrame(frame, 2, more);
  expect(text).toContain('"seq": 1800');
  expect(text).toContain("and 476 more");
  expect(text).toContain("and 31 more");
  expect(text).toContain('"categoryName": "browDownLeft"');
  expect(text.split("\n").length).toBeLessThan(70);
});

it("is JSON when it shows all", () => {
  const shown = JSON.parse(formatFrame(frame, Infinity, more)) as typeof frame;
  expect(shown.faceLandmarks[0]).toHaveLength(478);
  expect(shown.faceBlendshapes[0]!.categories).toHaveLength(52);
  expect(shown.poseLandmarks[0]![0]!.x).toBeCloseTo(frame.poseLandmarks[0]![0]!.x, 4);
});
