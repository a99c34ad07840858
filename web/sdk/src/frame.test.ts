import { expect, it } from "vitest";

import { emptyFrame, type Landmark, toClassifications } from "./frame.js";
import { BLENDSHAPE_NAMES, HAND_POINTS, POSE_POINTS } from "./parts.js";

const HEADER = { seq: 0, timestampMs: 0, width: 640, height: 480, track: 0, person: 0 };

function points(count: number): Landmark[] {
  return Array.from({ length: count }, (_, x) => ({ x, y: 0, z: 0, visibility: 0 }));
}

it("points have the names that MediaPipe's documentation gives to their numbers", () => {
  const frame = Object.assign(emptyFrame(HEADER), {
    poseLandmarks: [points(33)],
    rightHandLandmarks: [points(21)],
    faceBlendshapes: [toClassifications(BLENDSHAPE_NAMES.map((_, i) => i / 100))],
  });
  expect([frame.pose!.nose.x, frame.pose!.leftWrist.x, frame.pose!.rightFootIndex.x]).toEqual([0, 15, 32]);
  expect([frame.rightHand!.wrist.x, frame.rightHand!.thumbTip.x, frame.rightHand!.indexTip.x]).toEqual([0, 4, 8]);
  expect(frame.rightHand!.pinkyTip.x).toBe(20);
  expect(frame.blendshapes!.jawOpen).toBe(0.25);
  expect([POSE_POINTS.length, HAND_POINTS.length]).toEqual([33, 21]);
});

it("a part that was not seen has no points", () => {
  const { pose, poseWorld, leftHand, rightHand, blendshapes } = emptyFrame(HEADER);
  expect([pose, poseWorld, leftHand, rightHand, blendshapes]).toEqual([null, null, null, null, null]);
});
