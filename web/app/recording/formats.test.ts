import { readFileSync } from "node:fs";
import { decode } from "holistic-rtc";
import { expect, it } from "vitest";
import { CSV_HEADER, toCsvLine } from "./csv.js";
import { toJsonLine } from "./jsonl.js";
import { rounded, toCsvNumber, toJsonNumber } from "./numbers.js";

const VECTORS = new URL("../../../tests/vectors/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, VECTORS), "utf8");

/** As they come from the server; made by `tests/vectors/make_recorded.py`, like the server's recordings of them. */
const { landmarks } = JSON.parse(read("recorded.messages.json")) as { landmarks: string[] };
const frames = landmarks.map((text) => decode(Buffer.from(text, "base64")));

it("writes the server's JSON lines", () => {
  expect(frames.map(toJsonLine)).toEqual(linesOf("recorded.jsonl"));
});

it("writes the server's CSV", () => {
  expect([CSV_HEADER, ...frames.map(toCsvLine)]).toEqual(linesOf("recorded.csv"));
});

it.each([
  // Halfway between two numbers of five decimals, it is the even one.
  [0.001953125, 0.00195],
  [-0.001953125, -0.00195],
  [0.005859375, 0.00586],
  [2.5, 2.5],
])("rounds %d to %d", (value, expected) => {
  expect(rounded(value)).toBe(expected);
});

it.each([
  [0, "0.0", "0.0"],
  [-0, "-0.0", "-0.0"],
  [1, "1.0", "1.0"],
  [0.00001, "0.00001", "1e-05"],
  [-0.00009, "-0.00009", "-9e-05"],
  [0.0001, "0.0001", "0.0001"],
  [123.456789, "123.45679", "123.45679"],
  [1234.5678, "1234.5677", "1234.56775"],
])("writes %d as %s in JSON and %s in CSV", (value, json, csv) => {
  expect([toJsonNumber(value), toCsvNumber(value)]).toEqual([json, csv]);
});

function linesOf(name: string): string[] {
  return read(name).split(/(?<=\n)/);
}
