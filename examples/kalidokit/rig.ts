import type { HolisticFrame } from "holistic-rtc";
import { Face, Hand, Pose, type XYZ } from "kalidokit";

/** What an avatar is moved by: values by group and name. A group of a part that was not seen is empty. */
export type Rig = Record<"head" | "face" | "body" | "leftHand" | "rightHand", Record<string, number>>;

const JOINTS = ["Spine", "LeftUpperArm", "LeftLowerArm", "RightUpperArm", "RightLowerArm"] as const;
const FINGERS = ["Thumb", "Index", "Middle", "Ring", "Little"] as const;

/** Rotations in radians; in `face`, how open or how much from 0 to 1. */
export function solve(frame: HolisticFrame): Rig {
  // Face.solve() scales the points in place, so it is given a copy.
  const face = frame.faceLandmarks[0]?.map((point) => ({ ...point }));
  const solvedFace = face && Face.solve(face, { runtime: "mediapipe", imageSize: frame });
  const [pose] = frame.poseLandmarks;
  const [world] = frame.poseWorldLandmarks;
  const solvedPose = pose && world && Pose.solve(world, pose, { runtime: "mediapipe", imageSize: frame });
  return {
    head: solvedFace ? { pitch: solvedFace.head.x, yaw: solvedFace.head.y, roll: solvedFace.head.z } : {},
    face: solvedFace ? { "left eye": solvedFace.eye.l, "right eye": solvedFace.eye.r, ...solvedFace.mouth.shape } : {},
    body: solvedPose ? Object.fromEntries(JOINTS.flatMap((joint) => axes(joint, solvedPose[joint]))) : {},
    // kalidokit's avatar is a mirror: the person's left arm and hand move its right ones.
    leftHand: fingers("Left", frame.rightHandLandmarks[0]),
    rightHand: fingers("Right", frame.leftHandLandmarks[0]),
  };
}

function axes(joint: string, { x, y, z }: XYZ): [string, number][] {
  return [
    [`${joint} x`, x],
    [`${joint} y`, y],
    [`${joint} z`, z],
  ];
}

function fingers(side: "Left" | "Right", hand: XYZ[] | undefined): Record<string, number> {
  const solved = hand && Hand.solve(hand, side);
  return solved ? Object.fromEntries(FINGERS.map((finger) => [finger, solved[`${side}${finger}Proximal`].z])) : {};
}
