import { expect, it } from "vitest";
import { readConfigured } from "./control.js";
import { HolisticError } from "./errors.js";

it("a publisher is told of all that is in force", () => {
  const message = { type: "configured", parts: ["pose"], draw: false, smoothing: true, max_fps: null };
  expect(readConfigured(message)).toEqual({ parts: ["pose"], draw: false, smoothing: true, maxFps: null });
});

it("a subscriber is told of its parts, and nothing else is made up", () => {
  expect(readConfigured({ type: "configured", parts: ["face"] })).toEqual({ parts: ["face"] });
});

it.each([
  ["session_ended", false],
  ["deleted", false],
  ["server_shutdown", true],
  ["worker_failed", true],
])("after an end for the reason %s it is worth trying again: %s", (code, retryable) => {
  expect(new HolisticError("session-ended", "", { code }).retryable).toBe(retryable);
});
