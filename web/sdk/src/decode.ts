/** Landmark messages as FlatBuffers. The contract is `schema/landmarks.fbs`. */

import { DecodeError } from "./errors.js";
import { emptyFrame, type HolisticFrame, type Landmark, toClassifications, toMatrix } from "./frame.js";
import { FIELDS, type Part, PARTS, POINT_PARTS, type PointPart, RIG_BONES, RIG_EXPRESSIONS } from "./parts.js";
import { ARKIT_BLENDSHAPES, type Rig, toRig } from "./rig.js";

type Field = (typeof FIELDS)[number];

const FILE_IDENTIFIER = "HRL1";
const COORDINATE_SCALE = 1 / 8192;
const SCORE_SCALE = 1 / 255;
const QUATERNION_SCALE = 1 / 32767;
const POSE_POINTS = POINT_PARTS.pose.count;
const BLENDSHAPES = 52;
const POSITION_SIZE = 3 * 4;
const QUATERNION_SIZE = 4 * 2;

/** Bytes of the fields that are no parts. */
const HEADER_SIZES = { seq: 4, timestamp_ms: 4, width: 2, height: 2, track: 1, person: 1 };
const POINT_SIZE = 3 * 2;
// Some end with bytes that even them out: the pose with one, the rig with three.
const PART_SIZES: Partial<Record<Part, number>> = {
  pose: POSE_POINTS * POINT_SIZE + POSE_POINTS + 1,
  blendshapes: BLENDSHAPES,
  face_transform: POSITION_SIZE + QUATERNION_SIZE,
  rig: POSITION_SIZE + RIG_BONES.length * QUATERNION_SIZE + RIG_EXPRESSIONS.length + ARKIT_BLENDSHAPES.length + 3,
};

/**
 * Read a message from anywhere.
 *
 * @throws DecodeError when the bytes are no landmark message, one of another version, or are cut or corrupt.
 */
export function decode(data: ArrayBuffer | ArrayBufferView): HolisticFrame {
  const view = ArrayBuffer.isView(data)
    ? new DataView(data.buffer, data.byteOffset, data.byteLength)
    : new DataView(data);
  const fields = locateFields(view);
  const { seq, timestamp_ms: timestampMs, width, height, track, person } = fields;
  const frame = emptyFrame({
    seq: seq ? view.getUint32(seq, true) : 0,
    timestampMs: timestampMs ? view.getUint32(timestampMs, true) : 0,
    width: width ? view.getUint16(width, true) : 0,
    height: height ? view.getUint16(height, true) : 0,
    track: track ? view.getUint8(track) : 0,
    person: person ? view.getUint8(person) : 0,
  });
  for (const part of PARTS) {
    if (fields[part]) {
      readPart(view, part, fields[part], frame);
    }
  }
  if (frame.poseLandmarks[0] && frame.poseWorldLandmarks[0]) {
    frame.poseLandmarks[0].forEach(({ visibility }, i) => (frame.poseWorldLandmarks[0]![i]!.visibility = visibility));
  }
  return frame;
}

function sizeOf(field: Field): number {
  if (field in HEADER_SIZES) {
    return HEADER_SIZES[field as keyof typeof HEADER_SIZES];
  }
  return PART_SIZES[field as Part] ?? POINT_PARTS[field as PointPart].count * POINT_SIZE;
}

function readPart(view: DataView, part: Part, start: number, frame: HolisticFrame): void {
  if (part === "blendshapes") {
    frame.faceBlendshapes.push(toClassifications(readScores(view, start, BLENDSHAPES)));
    return;
  }
  if (part === "face_transform") {
    const matrix = toMatrix(readPosition(view, start), readQuaternion(view, start + POSITION_SIZE));
    frame.facialTransformationMatrixes.push(matrix);
    return;
  }
  if (part === "rig") {
    frame.rig = readRig(view, start);
    return;
  }
  const { field, count } = POINT_PARTS[part];
  const points = readPoints(view, start, count);
  if (part === "pose") {
    readScores(view, start + count * 6, count).forEach((visibility, i) => (points[i]!.visibility = visibility));
  }
  frame[field].push(points);
}

function readPoints(view: DataView, start: number, count: number): Landmark[] {
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * 6;
    return {
      x: view.getInt16(at, true) * COORDINATE_SCALE,
      y: view.getInt16(at + 2, true) * COORDINATE_SCALE,
      z: view.getInt16(at + 4, true) * COORDINATE_SCALE,
      visibility: 0,
    };
  });
}

function readRig(view: DataView, start: number): Rig {
  const rotations = start + POSITION_SIZE;
  const expressions = rotations + RIG_BONES.length * QUATERNION_SIZE;
  const arkit = expressions + RIG_EXPRESSIONS.length;
  return toRig(
    readPosition(view, start),
    RIG_BONES.map((_, i) => readQuaternion(view, rotations + i * QUATERNION_SIZE)),
    readScores(view, expressions, RIG_EXPRESSIONS.length),
    readScores(view, arkit, ARKIT_BLENDSHAPES.length),
  );
}

function readPosition(view: DataView, start: number): number[] {
  return [0, 4, 8].map((offset) => view.getFloat32(start + offset, true));
}

function readQuaternion(view: DataView, start: number): number[] {
  return [0, 2, 4, 6].map((offset) => view.getInt16(start + offset, true) * QUATERNION_SCALE);
}

function readScores(view: DataView, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => view.getUint8(start + i) * SCORE_SCALE);
}

/**
 * Check that the table and all its fields lie inside the message.
 *
 * The layout is that of https://flatbuffers.dev/internals/: the table begins with its distance from its vtable, and the
 * vtable holds its own size, the table's size, and each field's offset in the table, 0 for an absent field.
 *
 * @returns the position of each field of the schema, 0 for an absent one.
 */
function locateFields(view: DataView): Record<Field, number> {
  checkIdentifier(view);
  const table = view.getUint32(0, true);
  requireInside(view, table, 4);
  const vtable = table - view.getInt32(table, true);
  requireInside(view, vtable, 4);
  const vtableSize = view.getUint16(vtable, true);
  const tableSize = view.getUint16(vtable + 2, true);
  requireInside(view, vtable, vtableSize);
  requireInside(view, table, tableSize);
  const positions = FIELDS.map((field, index) => {
    // A writer leaves absent fields at the end out of the vtable.
    const slot = 4 + index * 2;
    const offset = slot + 2 <= vtableSize ? view.getUint16(vtable + slot, true) : 0;
    if (offset && (offset < 4 || offset + sizeOf(field) > tableSize)) {
      throw new DecodeError("the landmark message is corrupt: a field lies outside its table");
    }
    return [field, offset && table + offset];
  });
  return Object.fromEntries(positions) as Record<Field, number>;
}

function checkIdentifier(view: DataView): void {
  const codes = view.byteLength < 8 ? [] : [4, 5, 6, 7].map((at) => view.getUint8(at));
  const identifier = String.fromCharCode(...codes);
  if (/^HRL(?!1)[0-9A-Za-z]$/.test(identifier)) {
    throw new DecodeError(
      `the landmark message is of another version of the schema (${identifier}; this program reads ${FILE_IDENTIFIER}): ` +
        "update the client",
    );
  }
  if (identifier !== FILE_IDENTIFIER) {
    throw new DecodeError(`not a landmark message: the file identifier ${FILE_IDENTIFIER} is missing`);
  }
}

function requireInside(view: DataView, start: number, size: number): void {
  if (start < 0 || start + size > view.byteLength) {
    throw new DecodeError("the landmark message is truncated or corrupt: its table is outside it");
  }
}
