import { readFileSync } from "node:fs";
import { decode } from "holistic-rtc";
import { describe, expect, it } from "vitest";
import { toBvh } from "../recording/bvh.js";
import { MotionWriter, type Pose } from "../recording/motion.js";
import { toVrma } from "../recording/vrma.js";
import { AT_EASE } from "./rig-pose.js";

const VECTORS = new URL("../../../tests/vectors/", import.meta.url);

/** Made by `tests/vectors/make_recorded.py`, like the server's recordings of them. */
const { motion } = JSON.parse(readFileSync(new URL("recorded.messages.json", VECTORS), "utf8")) as { motion: string[] };
const frames = motion.map((text) => decode(Buffer.from(text, "base64")));

function record(recorded: Parameters<MotionWriter["add"]>[0][]): readonly Pose[] {
  let poses: readonly Pose[] = [];
  const writer = new MotionWriter(AT_EASE, (complete) => {
    poses = complete;
    return [];
  });
  recorded.forEach((frame) => writer.add(frame));
  writer.finish();
  return poses;
}

describe("a BVH", () => {
  const lines = toBvh(record(frames)).join("").split("\n");
  const expected = readFileSync(new URL("recorded.bvh", VECTORS), "utf8").split("\n");
  const start = expected.indexOf("MOTION");

  it("has the server's skeleton and frame rate", () => {
    const words = (all: string[]) => all.slice(0, start + 3).map((line) => line.replaceAll("-0.00", "0.00"));
    expect(words(lines)).toEqual(words(expected));
  });

  it("has the server's positions and angles", () => {
    const numbers = (all: string[]) => all.slice(start + 3).map((line) => line.split(" ").map(Number));
    expect(lines).toHaveLength(expected.length);
    numbers(expected).forEach((row, frame) => {
      const written = numbers(lines)[frame]!;
      expect(written).toHaveLength(row.length);
      row.forEach((value, i) => expect(Math.abs(written[i]! - value), `${frame}, ${i}`).toBeLessThan(0.002));
    });
  });
});

describe("a VRM Animation", () => {
  const written = readGlb(Buffer.concat(toVrma(record(frames))));
  const expected = readGlb(readFileSync(new URL("recorded.vrma", VECTORS)));

  it("has the server's nodes, animations and limits", () => {
    expect(written.document).toEqual(expected.document);
  });

  it("has the server's numbers", () => {
    expect(written.numbers).toHaveLength(expected.numbers.length);
    expected.numbers.forEach((value, i) => expect(Math.abs(written.numbers[i]! - value), `${i}`).toBeLessThan(1e-6));
  });

  it("is as long as it says", () => {
    const file = Buffer.concat(toVrma(record(frames)));
    expect(file.readUInt32LE(8)).toBe(file.length);
  });
});

describe("a motion", () => {
  const seen = { rig: AT_EASE, person: 0 };

  it("starts when somebody is seen, and leaves out frames that aren't later, and other people's", () => {
    const poses = record([
      { ...seen, rig: null, timestampMs: 100 },
      { ...seen, timestampMs: 200 },
      { ...seen, timestampMs: 200 },
      { ...seen, person: 1, timestampMs: 210 },
      { ...seen, rig: null, timestampMs: 250 },
    ]);
    expect(poses.map(({ seconds }) => seconds)).toEqual([0, 0.05]);
  });

  it("of nobody makes no files", () => {
    expect(new MotionWriter(AT_EASE, () => [{ suffix: ".bvh", content: new Blob() }]).finish()).toEqual([]);
  });

  it("of one frame can be written", () => {
    const poses = record([{ ...seen, timestampMs: 7 }]);
    expect(toBvh(poses)).toContain("Frames: 1\n");
    expect(readGlb(Buffer.concat(toVrma(poses))).document).toMatchObject({ asset: { version: "2.0" } });
  });
});

function readGlb(data: Buffer): { document: unknown; numbers: Float32Array } {
  const textLength = data.readUInt32LE(12);
  const document: unknown = JSON.parse(data.subarray(20, 20 + textLength).toString(), (_, value: unknown) =>
    value === 0 ? 0 : value,
  ); // Not -0
  const start = 28 + textLength;
  const numbers = new Float32Array(data.buffer.slice(data.byteOffset + start, data.byteOffset + data.length));
  return { document, numbers };
}
