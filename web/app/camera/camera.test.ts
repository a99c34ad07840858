import { expect, it } from "vitest";
import { cameraProblem } from "./camera.js";

it.each([
  ["NotAllowedError", "camera-denied"],
  ["SecurityError", "camera-denied"],
  ["NotFoundError", "camera-missing"],
  ["OverconstrainedError", "camera-missing"],
  ["NotReadableError", "camera-busy"],
  ["AbortError", "camera-busy"],
])("the browser's %s means %s", (name, problem) => {
  expect(cameraProblem(new DOMException("", name))).toBe(problem);
});
