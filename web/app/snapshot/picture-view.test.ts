import { expect, it } from "vitest";
import { keepInPlace } from "./picture-view.js";

it.each([
  ["a picture that fills the view, at its start", 100, 100, 200, 0, 0, 0],
  ["at its end", 100, 100, 200, 0, 100, 100],
  ["in its middle", 100, 100, 200, 0, 50, 50],
  ["one that is scrolled", 100, 200, 400, 60, 20, 140],
  ["a small one that stays small, which is in the middle anyway", 100, 20, 40, 0, 50, 0],
  ["a small one that grows beyond the view, at its start", 100, 50, 200, 0, 25, -25],
])("the point under the pointer stays there when zooming into %s", (_, view, size, newSize, scroll, at, expected) => {
  expect(keepInPlace(view, size, newSize, scroll, at)).toBe(expected);
});
