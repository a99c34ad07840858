import { HolisticError } from "holistic-rtc";
import { describe, expect, it } from "vitest";
import { SourceError } from "../camera/camera.js";
import { tokenMessages } from "../connection/words.js";
import { DICTIONARIES, type Messages } from "../i18n/index.js";
import { FileError, type SnapshotProblem, toTrouble, troubleWords } from "./words.js";

const { en } = DICTIONARIES;

function say(error: unknown, messages: Messages = en) {
  return troubleWords(toTrouble(error), messages);
}

/** As the client library reports a status of `POST /api/snapshot`. */
function answer(status: number, message = "the server's words", retryAfter: number | null = null): HolisticError {
  const reason =
    status === 503 ? "server-full" : status === 401 ? "unauthorized" : status >= 500 ? "server-unreachable" : "refused";
  return new HolisticError(reason, message, { status, retryAfter });
}

describe("what went wrong with a picture is told apart:", () => {
  it.each<[string, unknown, SnapshotProblem]>([
    ["damaged", answer(400), "damaged"],
    ["a slow network", answer(408), "slow-upload"],
    ["too large", answer(413), "too-large"],
    ["no picture", answer(415), "not-a-picture"],
    ["no or a wrong token", answer(401), "unauthorized"],
    ["a crash", answer(500), "crashed"],
    ["a busy server", answer(503), "busy"],
    ["a server that got stuck", answer(504), "too-slow"],
    ["a proxy without its server", answer(502), "unreachable"],
    ["no answer", new HolisticError("server-unreachable", "server.test doesn't answer"), "unreachable"],
    ["another refusal", answer(406), "unexpected"],
    ["nothing pasted", new FileError("nothing"), "nothing"],
    ["a folder", new FileError("unreadable", new DOMException("gone", "NotFoundError")), "unreadable"],
    ["no camera", new SourceError("camera-missing"), "camera-missing"],
    ["the unforeseen", new RangeError("out of bounds"), "unexpected"],
  ])("%s", (_, error, problem) => {
    expect(toTrouble(error).problem).toBe(problem);
    expect(say(error).title).not.toBe("");
    expect(say(error).remedy).not.toBe("");
  });
});

it("the server's words are added, since they say what the limit is", () => {
  expect(say(answer(413, "at most 10,000,000 bytes are taken")).detail).toBe(
    "Details: at most 10,000,000 bytes are taken",
  );
  expect(say(new SourceError("camera-missing")).detail).toBe("");
});

it("a busy server says when to come back, and a second will do where it doesn't", () => {
  expect(toTrouble(answer(503, "busy", 4)).retryAfter).toBe(4);
  expect(toTrouble(answer(503)).retryAfter).toBe(1);
  expect(toTrouble(answer(500)).retryAfter).toBe(0);
});

it("whoever has a token hears that it is a wrong one", () => {
  expect(say(answer(401)).title).toBe("The server requires a token");
  expect(say(answer(401), tokenMessages(en)).title).toBe("The server rejected this token");
});

it.each(Object.keys(en.snapshot.problems) as (keyof typeof en.snapshot.problems)[])(
  "at %s nothing is said of Start, which the tab hasn't",
  (problem) => expect(en.snapshot.problems[problem].remedy).not.toContain("Start"),
);
