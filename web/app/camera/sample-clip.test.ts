import { expect, it } from "vitest";
import { cropAt, FACE } from "./sample-clip.js";

const PORTRAIT = { width: 512, height: 600 };

it.each([
  [640, 480],
  [960, 540],
  [1280, 720],
])("the face stays in a picture of %i x %i, and the picture in the portrait", (width, height) => {
  for (let seconds = 0; seconds < 600; seconds += 1) {
    const crop = cropAt(seconds, PORTRAIT, { width, height });
    expect(crop.width / crop.height).toBeCloseTo(width / height, 6);
    expect(crop.x).toBeGreaterThanOrEqual(-1e-9);
    expect(crop.y).toBeGreaterThanOrEqual(-1e-9);
    expect(crop.x + crop.width).toBeLessThanOrEqual(PORTRAIT.width + 1e-9);
    expect(crop.y + crop.height).toBeLessThanOrEqual(PORTRAIT.height + 1e-9);
    expect(crop.x).toBeLessThanOrEqual(FACE.x);
    expect(crop.y).toBeLessThanOrEqual(FACE.y);
    expect(crop.x + crop.width).toBeGreaterThanOrEqual(FACE.x + FACE.width);
    expect(crop.y + crop.height).toBeGreaterThanOrEqual(FACE.y + FACE.height);
  }
});
