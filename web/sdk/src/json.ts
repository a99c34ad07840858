/** Landmark messages as JSON: the schema's fields by name. */

import { DecodeError } from "./errors.js";
import { emptyFrame, type HolisticFrame, type Landmark, toClassifications, toMatrix } from "./frame.js";
import { BLENDSHAPE_NAMES, POINT_PARTS } from "./parts.js";
import { RIG_BONES, RIG_EXPRESSIONS } from "./parts.js";
import { ARKIT_BLENDSHAPES, type Rig, toRig } from "./rig.js";

/**
 * Read a message from anywhere; fields that the schema hasn't are passed over.
 *
 * @throws DecodeError when this is no landmark message, or is truncated or corrupt.
 */
export function decodeJson(text: string): HolisticFrame {
  return read(parse(text));
}

/**
 * Read the landmarks of a snapshot: the first person's, and those of the others beside them.
 *
 * @throws DecodeError as `decodeJson()` does.
 */
export function decodeSnapshot(text: string): HolisticFrame[] {
  const message = parse(text);
  const first = read(message);
  const others = (message as { others?: unknown }).others ?? [];
  if (!Array.isArray(others)) {
    throw new DecodeError("others of the landmark message is not a list");
  }
  return [first, ...others.map(read)];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("the landmark message is not JSON", { cause });
  }
}

function read(message: unknown): HolisticFrame {
  if (!isRecord(message)) {
    throw new DecodeError("the landmark message is not a JSON object");
  }
  const frame = emptyFrame({
    seq: readCount(message, "seq", 32),
    timestampMs: readCount(message, "timestamp_ms", 32),
    width: readCount(message, "width", 16),
    height: readCount(message, "height", 16),
    track: readCount(message, "track", 8),
    person: "person" in message ? readCount(message, "person", 8) : 0, // Servers before 0.3 sent none.
  });
  for (const [part, { field, count }] of Object.entries(POINT_PARTS)) {
    if (part in message) {
      frame[field].push(readPoints(part, message[part], count));
    }
  }
  if ("pose" in message !== "pose_visibility" in message) {
    throw new DecodeError("the landmark message has one of pose and pose_visibility without the other");
  }
  if (frame.poseLandmarks[0]) {
    const visibility = readNumbers("pose_visibility", message.pose_visibility, frame.poseLandmarks[0].length);
    for (const points of [...frame.poseLandmarks, ...frame.poseWorldLandmarks]) {
      points.forEach((point, i) => (point.visibility = visibility[i]!));
    }
  }
  if ("blendshapes" in message) {
    frame.faceBlendshapes.push(toClassifications(readScores("blendshapes", message.blendshapes, BLENDSHAPE_NAMES)));
  }
  if ("face_transform" in message) {
    const transform = isRecord(message.face_transform) ? message.face_transform : {};
    const position = readNumbers("position of face_transform", transform.position, 3);
    const rotation = readNumbers("rotation of face_transform", transform.rotation, 4);
    frame.facialTransformationMatrixes.push(toMatrix(position, rotation));
  }
  if ("rig" in message) {
    frame.rig = readRig(isRecord(message.rig) ? message.rig : {});
  }
  return frame;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readCount(message: Record<string, unknown>, name: string, bits: number): number {
  const value = message[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new DecodeError(`${name} of the landmark message is not a number from 0 to ${2 ** bits - 1}`);
  }
  return value;
}

function readRig(rig: Record<string, unknown>): Rig {
  return toRig(
    readNumbers("hips_position of rig", rig.hips_position, 3),
    pick(rig.bones, RIG_BONES).map((rotation) => readNumbers("bones of rig", rotation, 4)),
    readScores("expressions of rig", rig.expressions, RIG_EXPRESSIONS),
    readScores("arkit of rig", rig.arkit, ARKIT_BLENDSHAPES),
  );
}

function readScores(name: string, value: unknown, names: readonly string[]): number[] {
  return readNumbers(name, pick(value, names), names.length);
}

/** The values of these keys, undefined where there is none. */
function pick(value: unknown, keys: readonly string[]): unknown[] {
  const record = isRecord(value) ? value : {};
  return keys.map((key) => record[key]);
}

function readPoints(name: string, value: unknown, count: number): Landmark[] {
  if (!Array.isArray(value) || value.length !== count) {
    throw new DecodeError(`${name} of the landmark message is not an array of ${count} points`);
  }
  return value.map((point) => {
    const [x, y, z] = readNumbers(name, point, 3);
    return { x: x!, y: y!, z: z!, visibility: 0 };
  });
}

function readNumbers(name: string, value: unknown, count: number): number[] {
  if (!Array.isArray(value) || value.length !== count || !value.every(isFloat32)) {
    throw new DecodeError(`${name} of the landmark message is not an array of ${count} numbers`);
  }
  return value;
}

/** JSON has numbers that aren't finite as single precision, which the schema means, or at all. */
function isFloat32(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}
