import { DecodeError } from "./errors.js";
import { BLENDSHAPE_NAMES, HAND_POINTS, POSE_POINTS } from "./parts.js";
import type { Rig } from "./rig.js";

/** A point of a part. The shape is that of `@mediapipe/tasks-vision`'s `NormalizedLandmark` and `Landmark`. */
export interface Landmark {
  /** To the right: a fraction of the picture's width; metres in world landmarks. */
  x: number;
  /** Down: a fraction of the picture's height; metres in world landmarks. */
  y: number;
  /** Depth, smaller is nearer: in units of the picture's width; metres in world landmarks. */
  z: number;
  /** Likelihood from 0 to 1 that the point can be seen; 0 where the model gives none (face and hands). */
  visibility: number;
}

/** The points of a part by their names; null when it was not seen. */
export type Named<Name extends string> = Readonly<Record<Name, Landmark>> | null;

/** One score of a classifier, as in `@mediapipe/tasks-vision`. */
export interface Category {
  index: number;
  /** 0 to 1. */
  score: number;
  categoryName: (typeof BLENDSHAPE_NAMES)[number];
  displayName: string;
}

/** As in `@mediapipe/tasks-vision`. */
export interface Classifications {
  categories: Category[];
  headIndex: number;
  headName: string;
}

/** As in `@mediapipe/tasks-vision`. */
export interface Matrix {
  rows: number;
  columns: number;
  /** Column by column: the first four numbers of a 4x4 matrix are its first column, the last four its translation. */
  data: number[];
}

/**
 * What was found in one picture, in the shape of `@mediapipe/tasks-vision`'s `HolisticLandmarkerResult`: each field is a
 * list of people, which has one entry, or none when the part was not seen. Left and right are the person's own.
 */
export interface HolisticResult {
  /** 468 points of the mesh, then 5 of the right iris and 5 of the left. */
  faceLandmarks: Landmark[][];
  /** 52 scores in MediaPipe's order, `_neutral` first. */
  faceBlendshapes: Classifications[];
  /** 33 points. */
  poseLandmarks: Landmark[][];
  /** 33 points, origin between the hips. */
  poseWorldLandmarks: Landmark[][];
  /** 21 points. */
  leftHandLandmarks: Landmark[][];
  /** 21 points, origin between the hips: the wrist is that of the pose. */
  leftHandWorldLandmarks: Landmark[][];
  /** 21 points. */
  rightHandLandmarks: Landmark[][];
  /** 21 points, origin between the hips: the wrist is that of the pose. */
  rightHandWorldLandmarks: Landmark[][];
  /**
   * Where the head is and how it is turned, as `FaceLandmarkerResult` has it: a rigid transform of 4x4 numbers from the
   * canonical face model to the camera's space, in centimetres, x to the picture's right, y up, z towards the camera.
   */
  facialTransformationMatrixes: Matrix[];
  /** Always empty. It exists for code written for MediaPipe's result. */
  poseSegmentationMasks: never[];
}

/** The same points by their names. What a name leads to is made when it is asked for; a copy of the frame has none. */
export interface NamedPoints {
  /** `poseLandmarks`, such as `frame.pose?.leftWrist.x`. */
  readonly pose: Named<(typeof POSE_POINTS)[number]>;
  /** `poseWorldLandmarks`. */
  readonly poseWorld: Named<(typeof POSE_POINTS)[number]>;
  /** `leftHandLandmarks`, such as `frame.leftHand?.indexTip.x`. */
  readonly leftHand: Named<(typeof HAND_POINTS)[number]>;
  /** `rightHandLandmarks`. */
  readonly rightHand: Named<(typeof HAND_POINTS)[number]>;
  /** `faceBlendshapes`, such as `frame.blendshapes?.jawOpen`. */
  readonly blendshapes: Readonly<Record<(typeof BLENDSHAPE_NAMES)[number], number>> | null;
}

/** A landmark message: one person in one tracked frame of one video track. */
export interface HolisticFrame extends HolisticResult, NamedPoints {
  /** The avatar's pose; null if it wasn't requested, or nobody was seen. */
  rig: Rig | null;
  /**
   * Number of the tracked frame, from 0 for each track; a gap is a frame that was dropped or lost. All people in a frame
   * have the same number.
   */
  seq: number;
  /** When the frame was taken, in milliseconds since the track's first frame. */
  timestampMs: number;
  /** Size of the frame in pixels; it may change at any frame. */
  width: number;
  height: number;
  /** Index among the session's video tracks, from 0. */
  track: number;
  /** Id of the person: 0 for the first, and the same from frame to frame. */
  person: number;
}

/** A number that identifies a track's person. */
export function originOf({ track, person }: Pick<HolisticFrame, "track" | "person">): number {
  return track * 256 + person;
}

const NAMED: NamedPoints & ThisType<HolisticFrame> = {
  get pose() {
    return byName(POSE_POINTS, this.poseLandmarks[0]);
  },
  get poseWorld() {
    return byName(POSE_POINTS, this.poseWorldLandmarks[0]);
  },
  get leftHand() {
    return byName(HAND_POINTS, this.leftHandLandmarks[0]);
  },
  get rightHand() {
    return byName(HAND_POINTS, this.rightHandLandmarks[0]);
  },
  get blendshapes() {
    return byName(
      BLENDSHAPE_NAMES,
      this.faceBlendshapes[0]?.categories.map(({ score }) => score),
    );
  },
};

function byName<Name extends string, Value>(
  names: readonly Name[],
  values: readonly Value[] | undefined,
): Record<Name, Value> | null {
  return values ? (Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<Name, Value>) : null;
}

/** A frame in which nothing was seen. */
export function emptyFrame(
  header: Pick<HolisticFrame, "seq" | "timestampMs" | "width" | "height" | "track" | "person">,
): HolisticFrame {
  return Object.assign(Object.create(NAMED) as NamedPoints, {
    ...header,
    rig: null,
    faceLandmarks: [],
    faceBlendshapes: [],
    poseLandmarks: [],
    poseWorldLandmarks: [],
    leftHandLandmarks: [],
    leftHandWorldLandmarks: [],
    rightHandLandmarks: [],
    rightHandWorldLandmarks: [],
    facialTransformationMatrixes: [],
    poseSegmentationMasks: [],
  });
}

/** Scores in MediaPipe's order, as its face landmarker would give them. */
export function toClassifications(scores: ArrayLike<number>): Classifications {
  const categories = BLENDSHAPE_NAMES.map((categoryName, index) => ({
    index,
    score: scores[index]!,
    categoryName,
    displayName: "",
  }));
  return { categories, headIndex: 0, headName: "" };
}

/**
 * The matrix of a position and a unit quaternion x, y, z, w, which is normalised.
 *
 * @throws DecodeError when the position isn't finite, or the quaternion isn't a unit quaternion.
 */
export function toMatrix(position: number[], quaternion: number[]): Matrix {
  const length = Math.hypot(...quaternion);
  // The rounding of writers changes the length by less than a thousandth of that.
  if (!position.every(Number.isFinite) || !(Math.abs(length - 1) < 0.05)) {
    throw new DecodeError("face_transform of the landmark message isn't a rigid transform");
  }
  const [x, y, z, w] = quaternion.map((value) => value / length) as [number, number, number, number];
  const data = [
    [1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w), 0],
    [2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w), 0],
    [2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y), 0],
    [...position, 1],
  ].flat();
  return { rows: 4, columns: 4, data };
}
