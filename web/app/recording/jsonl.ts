/** Landmark messages as JSON lines: what `holistic-rtc record` writes into a `.jsonl`. */

import {
  ARKIT_BLENDSHAPES,
  type HolisticFrame,
  type Landmark,
  type Part,
  PARTS,
  POINT_PARTS,
  type PointPart,
  type Rig,
  RIG_BONES,
  RIG_EXPRESSIONS,
} from "holistic-rtc";
import { toQuaternion } from "./face-rotation.js";
import { toJsonNumber } from "./numbers.js";

/** The frame as a line, with its line break. What wasn't seen is left out. */
export function toJsonLine(frame: HolisticFrame): string {
  const { seq, timestampMs, width, height, track, person } = frame;
  const header = { seq, timestamp_ms: timestampMs, width, height, track, person };
  const fields = Object.entries(header).map(([name, value]) => `"${name}":${value}`);
  return `{${[...fields, ...PARTS.flatMap((part) => write(part, frame))].join()}}\n`;
}

function write(part: Part, frame: HolisticFrame): string[] {
  const value = writeValue(part, frame);
  const visibility =
    part === "pose" ? frame.poseLandmarks.map((points) => points.map((point) => point.visibility)) : [];
  return [
    ...(value === null ? [] : [`"${part}":${value}`]),
    ...visibility.map((scores) => `"pose_visibility":${list(scores)}`),
  ];
}

function writeValue(part: Part, frame: HolisticFrame): string | null {
  switch (part) {
    case "blendshapes": {
      const scores = frame.faceBlendshapes[0]?.categories;
      return scores ? record(scores.map(({ categoryName, score }) => [categoryName, toJsonNumber(score)])) : null;
    }
    case "face_transform": {
      const matrix = frame.facialTransformationMatrixes[0];
      return matrix
        ? record([
            ["position", list(matrix.data.slice(12, 15))],
            ["rotation", list(toQuaternion(matrix))],
          ])
        : null;
    }
    case "rig":
      return frame.rig && writeRig(frame.rig);
    default:
      return writePoints(frame[POINT_PARTS[part satisfies PointPart].field][0]);
  }
}

function writePoints(points: readonly Landmark[] | undefined): string | null {
  return points ? `[${points.map(({ x, y, z }) => list([x, y, z])).join()}]` : null;
}

function writeRig({ hipsPosition, bones, expressions, arkit }: Rig): string {
  return record([
    ["hips_position", list(hipsPosition)],
    ["bones", record(RIG_BONES.map((bone) => [bone, list(bones[bone])]))],
    ["expressions", record(RIG_EXPRESSIONS.map((name) => [name, toJsonNumber(expressions[name])]))],
    ["arkit", record(ARKIT_BLENDSHAPES.map((name) => [name, toJsonNumber(arkit[name])]))],
  ]);
}

function list(numbers: readonly number[]): string {
  return `[${numbers.map(toJsonNumber).join()}]`;
}

function record(entries: readonly (readonly [name: string, value: string])[]): string {
  return `{${entries.map(([name, value]) => `"${name}":${value}`).join()}}`;
}
