import { expect, it } from "vitest";

import { FrameOrder } from "./order.js";

const accepted = (order: FrameOrder, ...frames: [track: number, seq: number, person: number][]) =>
  frames.map(([track, seq, person]) => order.accepts({ track, seq, person }));

it("the people of a frame are accepted in any order and once", () => {
  expect(accepted(new FrameOrder(), [0, 5, 1], [0, 5, 0], [0, 5, 1], [0, 5, 2])).toEqual([true, true, false, true]);
});

it("a frame that a newer one has overtaken is not, whoever it is of", () => {
  expect(accepted(new FrameOrder(), [0, 6, 0], [0, 5, 1], [0, 5, 0], [0, 7, 1])).toEqual([true, false, false, true]);
});

it("each track has an order of its own", () => {
  expect(accepted(new FrameOrder(), [0, 6, 0], [1, 2, 0])).toEqual([true, true]);
});
