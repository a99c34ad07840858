import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.js";
import { DecodeError } from "./errors.js";
import { BLENDSHAPE_NAMES, type HolisticFrame, type Landmark, POINT_PARTS, type PointPart } from "./frame.js";
import { decodeJson } from "./json.js";

/** What the Python decoder read; made by `tests/vectors/make.py`. */
interface Expected {
  seq: number;
  timestamp_ms: number;
  width: number;
  height: number;
  track: number;
  pose_visibility?: number[];
  face_blendshapes?: number[];
  face_transform?: number[][];
  [field: `${string}_landmarks`]: number[][] | undefined;
}

const VECTORS = new URL("../../../tests/vectors/", import.meta.url);
const bytes = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.bin`, VECTORS)));
const text = (name: string) => readFileSync(new URL(`${name}.message.json`, VECTORS), "utf8");
const expected = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.expected.json`, VECTORS), "utf8")) as Expected;

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

function expectFrame(frame: HolisticFrame, wanted: Expected, tolerance: number): void {
  const { seq, timestamp_ms: timestampMs, width, height, track } = wanted;
  expect(frame).toMatchObject({ seq, timestampMs, width, height, track });
  for (const [part, { field }] of Object.entries(POINT_PARTS)) {
    const points = wanted[FIELDS[part as keyof typeof FIELDS]];
    expect(frame[field]).toHaveLength(points ? 1 : 0);
    if (points) {
      expect(farthest(frame[field][0]!, points)).toBeLessThan(tolerance);
    }
  }
  wanted.pose_visibility?.forEach((visibility, i) => {
    expect(frame.poseLandmarks[0]![i]!.visibility).toBeCloseTo(visibility, 2);
    expect(frame.poseWorldLandmarks[0]![i]!.visibility).toBeCloseTo(visibility, 2);
  });
  expect(frame.facialTransformationMatrixes).toHaveLength(wanted.face_transform ? 1 : 0);
  wanted.face_transform?.forEach((row, r) => {
    const { data } = frame.facialTransformationMatrixes[0]!;
    row.forEach((number, c) => expect(data[c * 4 + r]).toBeCloseTo(number, 4));
  });
  expect(frame.faceBlendshapes).toHaveLength(wanted.face_blendshapes ? 1 : 0);
  wanted.face_blendshapes?.forEach((score, i) => {
    const category = frame.faceBlendshapes[0]!.categories[i]!;
    expect(category).toMatchObject({ index: i, categoryName: BLENDSHAPE_NAMES[i], displayName: "" });
    expect(category.score).toBeCloseTo(score, 2);
  });
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

describe.each(["person", "nobody"])("a message of the Python encoder: %s", (name) => {
  it("is read as the Python decoder reads it", () => {
    expectFrame(decode(bytes(name)), expected(name), 1e-6);
  });

  it("is read from the middle of a larger buffer", () => {
    const whole = bytes(name);
    const padded = new Uint8Array(whole.length + 24);
    padded.set(whole, 13);
    expect(decode(padded.subarray(13, 13 + whole.length))).toEqual(decode(whole.slice().buffer));
  });

  it("is the same in JSON but for rounding", () => {
    expectFrame(decodeJson(text(name)), expected(name), 0.5 / 8192 + 1e-5);
  });

  it("gives a DecodeError when it is cut anywhere", () => {
    const whole = bytes(name);
    for (let length = 0; length < whole.length; length++) {
      // A cut of alignment bytes at the end leaves a message whole.
      if (length < whole.length - 3) {
        expect(() => decode(whole.subarray(0, length)), `cut to ${length} bytes`).toThrow(DecodeError);
      }
    }
    const json = text(name);
    for (let length = 0; length < json.length; length += 7) {
      expect(() => decodeJson(json.slice(0, length))).toThrow(DecodeError);
    }
  });

  it("gives a frame or a DecodeError when bytes are changed, never anything else", () => {
    const random = randomNumbers(11);
    for (let round = 0; round < 5000; round++) {
      const data = bytes(name);
      for (let change = 0; change < 1 + random() * 4; change++) {
        const reach = random() < 0.7 ? Math.min(80, data.length) : data.length;
        data[Math.floor(random() * reach)] = Math.floor(random() * 256);
      }
      try {
        decode(data);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

it.each(['"text"', "[]", "null", "{}", '{"seq": -1}', '{"seq": 0.5}'])("no landmark message in JSON: %s", (message) => {
  expect(() => decodeJson(message)).toThrow(DecodeError);
});

it.each([
  ["too few points", { pose: [[0, 0, 0]] }],
  ["a point of two numbers", { left_hand: Array(21).fill([0, 0]) }],
  ["words for numbers", { right_hand: Array(21).fill(["0", "0", "0"]) }],
  ["a pose without visibility", { pose: Array(33).fill([0, 0, 0]) }],
  ["blendshapes with a name missing", { blendshapes: { _neutral: 0 } }],
])("JSON with %s gives a DecodeError", (_, part) => {
  const header = { seq: 0, timestamp_ms: 0, width: 640, height: 480, track: 0 };
  expect(() => decodeJson(JSON.stringify({ ...header, ...part }))).toThrow(DecodeError);
});

it("foreign bytes give a DecodeError", () => {
  expect(() => decode(new TextEncoder().encode("\x10\0\0\0HRL2 and more"))).toThrow(DecodeError);
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
