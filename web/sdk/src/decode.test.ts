import { readFileSync } from "node:fs";
import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { Landmarks } from "../../tests/generated/holistic/v1.js";
import { decode } from "./decode.js";
import { DecodeError } from "./errors.js";
import { type HolisticFrame, type Landmark } from "./frame.js";
import { decodeJson } from "./json.js";
import { BLENDSHAPE_NAMES, POINT_PARTS, type PointPart } from "./parts.js";
import { RIG_BONES, RIG_EXPRESSIONS } from "./parts.js";
import { ARKIT_BLENDSHAPES } from "./rig.js";

/** What the Python decoder read; made by `tests/vectors/make.py`. */
interface Expected {
  seq: number;
  timestamp_ms: number;
  width: number;
  height: number;
  track: number;
  person: number;
  pose_visibility?: number[];
  face_blendshapes?: number[];
  face_transform?: number[][];
  rig?: { hips_position: number[]; rotations: number[][]; expressions: number[]; arkit: number[] };
  [field: `${string}_landmarks`]: number[][] | undefined;
}

/** Messages that a decoder must refuse, by what is wrong with them: base64, and JSON. */
interface Refused {
  flatbuffers: Record<string, string>;
  json: Record<string, string>;
}

const NAMES = ["person", "upper_body", "second_person", "nobody", "rig", "newer"];
const VECTORS = new URL("../../../tests/vectors/", import.meta.url);
const bytes = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.bin`, VECTORS)));
const text = (name: string) => readFileSync(new URL(`${name}.message.json`, VECTORS), "utf8");
const expected = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.expected.json`, VECTORS), "utf8")) as Expected;
const REFUSED = JSON.parse(readFileSync(new URL("refused.json", VECTORS), "utf8")) as Refused;

const FIELDS: Record<PointPart, `${string}_landmarks`> = {
  pose: "pose_landmarks",
  pose_world: "pose_world_landmarks",
  face: "face_landmarks",
  left_hand: "left_hand_landmarks",
  left_hand_world: "left_hand_world_landmarks",
  right_hand: "right_hand_landmarks",
  right_hand_world: "right_hand_world_landmarks",
};

function farthest(points: Landmark[], wanted: number[][]): number {
  expect(points).toHaveLength(wanted.length);
  return Math.max(...points.flatMap(({ x, y, z }, i) => [x, y, z].map((value, k) => Math.abs(value - wanted[i]![k]!))));
}

/** @param tolerance - of coordinates; scores and rotations have `digits`. */
function expectFrame(frame: HolisticFrame, wanted: Expected, tolerance: number, digits: number): void {
  const { seq, timestamp_ms: timestampMs, width, height, track, person } = wanted;
  expect(frame).toMatchObject({ seq, timestampMs, width, height, track, person });
  for (const [part, { field }] of Object.entries(POINT_PARTS)) {
    const points = wanted[FIELDS[part as PointPart]];
    expect(frame[field]).toHaveLength(points ? 1 : 0);
    if (points) {
      expect(farthest(frame[field][0]!, points)).toBeLessThan(tolerance);
    }
  }
  wanted.pose_visibility?.forEach((visibility, i) => {
    expect(frame.poseLandmarks[0]![i]!.visibility).toBeCloseTo(visibility, digits);
    expect(frame.poseWorldLandmarks[0]![i]!.visibility).toBeCloseTo(visibility, digits);
  });
  expect(frame.faceBlendshapes).toHaveLength(wanted.face_blendshapes ? 1 : 0);
  wanted.face_blendshapes?.forEach((score, i) => {
    const category = frame.faceBlendshapes[0]!.categories[i]!;
    expect(category).toMatchObject({ index: i, categoryName: BLENDSHAPE_NAMES[i], displayName: "" });
    expect(category.score).toBeCloseTo(score, digits);
  });
  expect(frame.facialTransformationMatrixes).toHaveLength(wanted.face_transform ? 1 : 0);
  wanted.face_transform?.forEach((row, r) => {
    const { rows, columns, data } = frame.facialTransformationMatrixes[0]!;
    expect([rows, columns, data.length]).toEqual([4, 4, 16]);
    row.forEach((number, c) => expect(data[c * 4 + r]).toBeCloseTo(number, digits));
  });
  expect(frame.rig === null).toBe(wanted.rig === undefined);
  if (frame.rig && wanted.rig) {
    const { hipsPosition, bones, expressions, arkit } = frame.rig;
    const { hips_position, rotations, ...scores } = wanted.rig;
    expectNumbers(hipsPosition, hips_position, digits);
    RIG_BONES.forEach((bone, i) => expectNumbers(bones[bone], rotations[i]!, digits));
    const scored = RIG_EXPRESSIONS.map((name) => expressions[name]);
    expectNumbers(scored, scores.expressions, digits);
    const shaped = ARKIT_BLENDSHAPES.map((name) => arkit[name]);
    expectNumbers(shaped, scores.arkit, digits);
  }
}

function expectNumbers(numbers: number[], wanted: number[], digits: number): void {
  expect(numbers).toHaveLength(wanted.length);
  wanted.forEach((number, i) => expect(numbers[i]).toBeCloseTo(number, digits));
}

/** Numbers from 0 up to 1, the same in each run (mulberry32). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fails on anything but a frame or a DecodeError. */
function decodeOrRefuse(read: () => HolisticFrame): void {
  try {
    const frame = read();
    expect(Number.isInteger(frame.seq)).toBe(true);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
  }
}

describe.each(NAMES)("a message of the server: %s", (name) => {
  it("is read as the Python decoder reads it", () => {
    expectFrame(decode(bytes(name)), expected(name), 2e-7, 6);
  });

  it("is read as the reader that flatc made reads it", () => {
    const frame = decode(bytes(name));
    const root = Landmarks.getRootAsLandmarks(new ByteBuffer(bytes(name)));
    const { seq, timestampMs, width, height, track, person } = frame;
    expect([seq, timestampMs, width, height, track, person]).toEqual([
      root.seq(),
      root.timestampMs(),
      root.width(),
      root.height(),
      root.track(),
      root.person(),
    ]);
    const parts: Record<PointPart, { xyz(index: number): number | null } | null> = {
      pose: root.pose(),
      pose_world: root.poseWorld(),
      face: root.face(),
      left_hand: root.leftHand(),
      left_hand_world: root.leftHandWorld(),
      right_hand: root.rightHand(),
      right_hand_world: root.rightHandWorld(),
    };
    for (const [part, stored] of Object.entries(parts)) {
      const points = frame[POINT_PARTS[part as PointPart].field];
      expect(points).toHaveLength(stored ? 1 : 0);
      const numbers = points.flat().flatMap(({ x, y, z }) => [x * 8192, y * 8192, z * 8192]);
      expect(numbers).toEqual(numbers.map((_, i) => stored!.xyz(i)));
    }
    frame.poseLandmarks[0]?.forEach(({ visibility }, i) =>
      expect(visibility * 255).toBeCloseTo(root.pose()!.visibility(i)!, 9),
    );
    frame.faceBlendshapes[0]?.categories.forEach(({ score }, i) =>
      expect(score * 255).toBeCloseTo(root.blendshapes()!.score(i)!, 9),
    );
    expect(frame.facialTransformationMatrixes).toHaveLength(root.faceTransform() ? 1 : 0);
    for (const { data } of frame.facialTransformationMatrixes) {
      const transform = root.faceTransform()!;
      expect(data.slice(12)).toEqual([transform.position(0), transform.position(1), transform.position(2), 1]);
      const quaternion = [0, 1, 2, 3].map((i) => transform.rotation(i)!);
      const [x, y, z, w] = quaternion.map((part) => part / Math.hypot(...quaternion)) as [
        number,
        number,
        number,
        number,
      ];
      // The angle and the axis of a rotation are in its trace and its antisymmetric part.
      expect(data[0]! + data[5]! + data[10]!).toBeCloseTo(4 * w * w - 1, 12);
      expect(data[6]! - data[9]!).toBeCloseTo(4 * w * x, 12);
      expect(data[8]! - data[2]!).toBeCloseTo(4 * w * y, 12);
      expect(data[1]! - data[4]!).toBeCloseTo(4 * w * z, 12);
    }
    const stored = root.rig();
    expect(frame.rig === null).toBe(stored === null);
    if (frame.rig && stored) {
      expect(frame.rig.hipsPosition).toEqual([0, 1, 2].map((i) => stored.hipsPosition(i)));
      // Reading normalises, which moves a number by up to one step.
      Object.values(frame.rig.bones)
        .flat()
        .forEach((number, i) => expect(Math.abs(number * 32767 - stored.rotation(i)!)).toBeLessThan(1));
      Object.values(frame.rig.expressions).forEach((score, i) =>
        expect(score * 255).toBeCloseTo(stored.expression(i)!, 9),
      );
      Object.values(frame.rig.arkit).forEach((score, i) => expect(score * 255).toBeCloseTo(stored.arkit(i)!, 9));
    }
  });

  it("is read from the middle of a larger buffer", () => {
    const whole = bytes(name);
    const padded = new Uint8Array(whole.length + 24);
    padded.set(whole, 13);
    expect(decode(padded.subarray(13, 13 + whole.length))).toEqual(decode(whole.slice().buffer));
  });

  it("is the same in JSON but for rounding", () => {
    expectFrame(decodeJson(text(name)), expected(name), 0.5 / 8192 + 1e-5, 2);
  });

  it("gives a frame or a DecodeError when bits are flipped, never anything else", () => {
    const random = randomNumbers(11);
    const whole = bytes(name);
    for (let round = 0; round < 2000; round++) {
      const data = whole.slice(0, random() < 0.2 ? random() * whole.length : whole.length);
      // Most of a message is coordinates; the table that leads to them is at its front.
      const reach = random() < 0.7 ? Math.min(96, data.length) : data.length;
      for (let flip = 0; flip < 1 + random() * 8; flip++) {
        data[Math.floor(random() * reach)]! ^= 1 << Math.floor(random() * 8);
      }
      decodeOrRefuse(() => decode(data));
    }
  });

  it("gives a frame or a DecodeError when letters of its JSON are changed, never anything else", () => {
    const random = randomNumbers(12);
    const json = text(name);
    for (let round = 0; round < 300; round++) {
      const at = Math.floor(random() * json.length);
      const letter = '0-9.eE,:[]{}" \\tn'.charAt(Math.floor(random() * 17));
      decodeOrRefuse(() => decodeJson(json.slice(0, at) + letter + json.slice(at + (random() < 0.5 ? 1 : 0))));
    }
  });

  it("gives a frame or a DecodeError with any value at any place of its JSON, never anything else", () => {
    const random = randomNumbers(13);
    const values = [null, true, -1, 0.5, 1e300, "", "0", [], {}, [[]], [0, 0, 0], { position: [0, 0, 0] }];
    const json = text(name);
    for (let round = 0; round < 300; round++) {
      const message = JSON.parse(json) as Record<string, unknown>;
      message[["face_transform", "left_hand", "blendshapes", "rig"][Math.floor(random() * 4)]!] ??= {};
      let place = message;
      for (;;) {
        const keys = Object.keys(place);
        const key = keys[Math.floor(random() * keys.length)]!;
        const inner = place[key];
        if (typeof inner !== "object" || !inner || Object.keys(inner).length === 0 || random() < 0.4) {
          place[key] = values[Math.floor(random() * values.length)];
          break;
        }
        place = inner as Record<string, unknown>;
      }
      decodeOrRefuse(() => decodeJson(JSON.stringify(message)));
    }
  });
});

// At the end of "newer" is a text that this version doesn't read.
it.each(["person", "upper_body", "nobody", "rig"])("a message that is cut anywhere gives a DecodeError: %s", (name) => {
  const whole = bytes(name);
  // Zeros at the end only align the message.
  for (let length = 0; length <= whole.findLastIndex((byte) => byte !== 0); length += length < 96 ? 1 : 7) {
    expect(() => decode(whole.subarray(0, length)), `cut to ${length} bytes`).toThrow(DecodeError);
  }
  const json = text(name);
  for (let length = 0; length < json.length; length += 29) {
    expect(() => decodeJson(json.slice(0, length))).toThrow(DecodeError);
  }
});

it("of a message of a newer server, all that is known is read", () => {
  const header = { seq: 1800, timestampMs: 60_000 };
  expect({ ...decode(bytes("newer")), ...header }).toEqual(decode(bytes("person")));
  expect({ ...decodeJson(text("newer")), ...header }).toEqual(decodeJson(text("person")));
});

it.each(Object.keys(REFUSED.flatbuffers))("no landmark message in FlatBuffers: %s", (name) => {
  expect(() => decode(Buffer.from(REFUSED.flatbuffers[name]!, "base64"))).toThrow(DecodeError);
});

it.each(Object.keys(REFUSED.json))("no landmark message in JSON: %s", (name) => {
  expect(() => decodeJson(REFUSED.json[name]!)).toThrow(DecodeError);
});

it("a message of another version is refused with what to do", () => {
  const future = Buffer.from(REFUSED.flatbuffers["version 2"]!, "base64");
  expect(() => decode(future)).toThrow(/another version of the schema \(HRL2; .* HRL1\): update the client/);
});

it("random bytes give a DecodeError, with and without the file identifier", () => {
  const random = randomNumbers(14);
  for (let round = 0; round < 2000; round++) {
    const data = Uint8Array.from({ length: random() * 256 }, () => random() * 256);
    decodeOrRefuse(() => decode(data));
    decodeOrRefuse(() => decode(Uint8Array.of(...data.subarray(0, 4), 0x48, 0x52, 0x4c, 0x31, ...data.subarray(4))));
    decodeOrRefuse(() => decodeJson(String.fromCharCode(...data)));
  }
});

it("reads a whole message in less than a millisecond", () => {
  const data = bytes("person");
  const times = Array.from({ length: 300 }, () => {
    const start = performance.now();
    decode(data);
    return performance.now() - start;
  });
  expect(times.sort((a, b) => a - b)[150]).toBeLessThan(1);
});
