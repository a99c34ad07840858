import { expect, it } from "vitest";
import { HolisticError } from "./errors.js";
import { copyConfiguration, readConfigured, readEvent } from "./wire.js";

it("a publisher is told of all that is in force", () => {
  const message = { type: "configured", parts: ["pose"], max_persons: 2, draw: false, smoothing: true, max_fps: null };
  const configured = { parts: ["pose"], maxPersons: 2, draw: false, smoothing: true, maxFps: null };
  expect(readConfigured({ ...message, type: "configured" })).toEqual(configured);
});

it("a subscriber is told of its parts, and nothing else is made up", () => {
  expect(readConfigured({ type: "configured", parts: ["face"] })).toEqual({ parts: ["face"] });
});

it("figures that are missing, or of another type, are 0 or empty", () => {
  const track = { track: 0, fps_in: "many", tracker_ms: 25.5 };
  expect(readEvent({ type: "stats", session: 7, model: null, tracks: [track, null] })).toEqual([
    "stats",
    {
      session: "",
      model: { origin: null, poseModel: null },
      tracks: [expect.objectContaining({ fpsIn: 0, trackerMs: 25.5, landmarksSent: 0 }), expect.anything()],
    },
  ]);
});

it("each message for the program is an event of its name; of others nothing is told", () => {
  expect(readEvent({ type: "draining", seconds: 5 })).toEqual(["draining", { seconds: 5 }]);
  expect(readEvent({ type: "tomorrows", seconds: 5 })).toBeNull();
  expect(readEvent({})).toBeNull();
});

it("a configuration is taken from options, without what is undefined, and only with a frame rate from 1 to 60", () => {
  const options = { url: "https://rig.example", token: "secret", parts: ["pose" as const], maxFps: null };
  expect(copyConfiguration(options)).toEqual({ parts: ["pose"], maxFps: null });
  expect(Object.keys(copyConfiguration({ draw: false }))).toEqual(["draw"]);
  expect(() => copyConfiguration({ maxFps: 61 })).toThrow(RangeError);
});

it.each([
  ["session_ended", false],
  ["deleted", false],
  ["time_limit", false],
  ["video_too_large", false],
  ["server_shutdown", true],
  ["worker_failed", true],
])("after an end for the reason %s it is worth trying again: %s", (code, retryable) => {
  expect(new HolisticError("session-ended", "", { code }).retryable).toBe(retryable);
});
