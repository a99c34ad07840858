import { expect, it } from "vitest";
import { RIG_BONES, RIG_EXPRESSIONS, RIG_PARENTS } from "./parts.js";
import { ARKIT_BLENDSHAPES } from "./rig.js";

it("has 49 bones, 17 expressions and 52 blendshapes, each once", () => {
  expect(new Set(RIG_BONES).size).toBe(49);
  expect(new Set(RIG_EXPRESSIONS).size).toBe(17);
  expect(new Set(ARKIT_BLENDSHAPES).size).toBe(52);
});

it("has each bone after its parent, and the hips on top", () => {
  expect(Object.keys(RIG_PARENTS)).toEqual([...RIG_BONES]);
  RIG_BONES.forEach((bone, index) => {
    const parent = RIG_PARENTS[bone];
    expect(parent === null ? -1 : RIG_BONES.indexOf(parent)).toBeLessThan(index);
    expect(parent === null).toBe(bone === "hips");
  });
});
