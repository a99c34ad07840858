/** Landmarks and rig as a table: what `holistic-rtc record` writes into a `.csv`. Cells of what wasn't seen are empty. */

import {
  BLENDSHAPE_NAMES,
  HAND_POINTS,
  type HolisticFrame,
  type Part,
  PARTS,
  POINT_PARTS,
  POSE_POINTS,
  RIG_BONES,
  RIG_EXPRESSIONS,
} from "holistic-rtc";
import { toQuaternion } from "./face-rotation.js";
import { toCsvNumber } from "./numbers.js";

type TrackedPart = Exclude<Part, "rig">;

const TRACKED = PARTS.filter((part): part is TrackedPart => part !== "rig");
/** MediaPipe's names of the points. */
const POSE = POSE_POINTS.map(toSnakeCase);
const HAND = HAND_POINTS.map((name) => toSnakeCase(name).replace(/^(index|middle|ring)_/, "$1_finger_"));
const COLUMNS: Readonly<Record<TrackedPart, string[]>> = Object.fromEntries(
  TRACKED.map((part) => [part, columnsOf(part)]),
) as Record<TrackedPart, string[]>;
const RIG = [
  ...["x", "y", "z"].map((axis) => `hips_${axis}`),
  ...RIG_BONES.flatMap((bone) => ["x", "y", "z", "w"].map((axis) => `${bone}_q${axis}`)),
  ...RIG_EXPRESSIONS,
];

/** The first line, with its line break. */
export const CSV_HEADER = toLine([
  ...["seq", "time_ms", "width", "height"],
  ...TRACKED.flatMap((part) => COLUMNS[part]),
  ...POSE.map((point) => `pose_${point}_visibility`),
  ...RIG,
  "person",
]);

/** The frame as a line, with its line break. */
export function toCsvLine(frame: HolisticFrame): string {
  const { seq, timestampMs, width, height, person, poseLandmarks, rig } = frame;
  return toLine([
    ...[seq, timestampMs, width, height],
    ...TRACKED.flatMap((part) => cells(numbersOf(part, frame), COLUMNS[part].length)),
    ...cells(
      poseLandmarks[0]?.map(({ visibility }) => visibility),
      POSE.length,
    ),
    ...cells(
      rig && [
        ...rig.hipsPosition,
        ...RIG_BONES.flatMap((bone) => rig.bones[bone]),
        ...RIG_EXPRESSIONS.map((name) => rig.expressions[name]),
      ],
      RIG.length,
    ),
    person,
  ]);
}

function columnsOf(part: TrackedPart): string[] {
  if (part === "face_transform") {
    return ["x", "y", "z", "qx", "qy", "qz", "qw"].map((axis) => `${part}_${axis}`);
  }
  if (part === "blendshapes") {
    return BLENDSHAPE_NAMES.slice(1);
  }
  const names = part.includes("hand") ? HAND : part.includes("pose") ? POSE : null;
  return Array.from({ length: POINT_PARTS[part].count }, (_, i) => names?.[i] ?? i).flatMap((point) =>
    ["x", "y", "z"].map((axis) => `${part}_${point}_${axis}`),
  );
}

function numbersOf(part: TrackedPart, frame: HolisticFrame): number[] | undefined {
  if (part === "face_transform") {
    const matrix = frame.facialTransformationMatrixes[0];
    return matrix && [...matrix.data.slice(12, 15), ...toQuaternion(matrix)];
  }
  if (part === "blendshapes") {
    return frame.faceBlendshapes[0]?.categories.slice(1).map(({ score }) => score);
  }
  return frame[POINT_PARTS[part].field][0]?.flatMap(({ x, y, z }) => [x, y, z]);
}

function cells(numbers: readonly number[] | null | undefined, count: number): string[] {
  return numbers ? numbers.map(toCsvNumber) : Array<string>(count).fill("");
}

function toLine(cells: readonly (string | number)[]): string {
  return `${cells.join()}\n`;
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
