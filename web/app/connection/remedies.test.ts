import { expect, test } from "vitest";
import { type Remedy, remediesFor } from "./remedies.js";
import { IDLE, type Problem } from "./status.js";

const PUBLISHER: readonly Remedy[] = ["retry", "sample"];
const VIEWER: readonly Remedy[] = ["retry", "sessions"];

const failed = (problem: Problem, known: readonly Remedy[]) =>
  remediesFor({ ...IDLE, state: "failed", problem }, known);

test("a camera that can't be had may be tried again, or replaced by the sample clip", () => {
  for (const problem of ["camera-denied", "camera-missing", "camera-busy", "camera-lost"] as const) {
    expect(failed(problem, PUBLISHER)).toEqual(["retry", "sample"]);
  }
  expect(failed("insecure-context", PUBLISHER)).toEqual(["sample"]);
});

test("a session that ended is begun anew by its publisher, and left for another one by its viewers", () => {
  expect(failed("session-ended", PUBLISHER)).toEqual(["retry"]);
  expect(failed("session-ended", VIEWER)).toEqual(["sessions"]);
  expect(failed("session-unknown", VIEWER)).toEqual(["sessions"]);
});

test("what would fail again isn't tried again", () => {
  for (const problem of ["refused", "unauthorized", "forbidden", "unsupported"] as const) {
    expect(failed(problem, PUBLISHER)).toEqual([]);
    expect(failed(problem, VIEWER)).toEqual([]);
  }
  const large = { ...IDLE, state: "failed", problem: "session-ended", code: "video_too_large" } as const;
  expect(remediesFor(large, PUBLISHER)).toEqual([]);
  expect(failed("server-unreachable", VIEWER)).toEqual(["retry"]);
});

test("a page that tries again by itself asks for nothing", () => {
  expect(remediesFor({ ...IDLE, state: "waiting", problem: "server-full" }, PUBLISHER)).toEqual([]);
  expect(remediesFor({ ...IDLE, state: "reconnecting", problem: "connection-lost" }, VIEWER)).toEqual([]);
  expect(remediesFor(IDLE, PUBLISHER)).toEqual([]);
});
