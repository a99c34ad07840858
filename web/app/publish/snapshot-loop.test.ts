import { HolisticError, takeSnapshot } from "holistic-rtc";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fitInto } from "../camera/stills.js";
import { postOneByOne, Rate, type SnapshotEvents, type TimedSnapshot } from "./snapshot-loop.js";

const LANDMARKS = JSON.stringify({
  ...{ seq: 0, timestamp_ms: 0, width: 640, height: 480, track: 0 },
  ...{ model: { origin: null, pose_model: "lite" }, milliseconds: 40 },
});

/** What waits for an answer by the test. */
interface Posted {
  picture: Blob;
  answer: (response: Response | Error) => void;
}

let posted: Posted[];
let grabbed: number;
let snapshots: TimedSnapshot[];
let waits: { error: HolisticError; ms: number }[];
let stop: AbortController;
let posting: Promise<unknown>;

const events: SnapshotEvents = { snapshot: (taken) => snapshots.push(taken), wait: (wait) => waits.push(wait) };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (_: URL, { body }: { body: Blob }) => {
    return new Promise<Response>((resolve, reject) =>
      posted.push({
        picture: body,
        answer: (response) => (response instanceof Error ? reject(response) : resolve(response)),
      }),
    );
  });
  [posted, snapshots, waits, grabbed] = [[], [], [], 0];
  stop = new AbortController();
  posting = postOneByOne(
    () => Promise.resolve(new Blob([String(grabbed++)])),
    (picture, signal) => takeSnapshot(picture, { url: "http://server.test/", signal }),
    events,
    stop.signal,
  ).catch((error: unknown) => error);
});

afterEach(async () => {
  vi.restoreAllMocks();
  stop.abort(new Error("the test is over"));
  await posting;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The n-th post from 0, once it is there. */
async function post(number: number): Promise<Posted> {
  await vi.waitFor(() => expect(posted.length).toBeGreaterThan(number));
  return posted[number]!;
}

function taken(): Response {
  const form = new FormData();
  form.set("landmarks", LANDMARKS);
  form.set("picture", new Blob(["annotated"], { type: "image/jpeg" }), "annotated.jpg");
  return new Response(form);
}

function problem(status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ status, detail: "the server's words" }), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}

describe("posting one by one", () => {
  it("has one picture in flight, and grabs the next one when the answer is there", async () => {
    await post(0);
    await vi.advanceTimersByTimeAsync(700);
    expect([posted.length, grabbed]).toEqual([1, 1]);
    posted[0]!.answer(taken());
    expect(await (await post(1)).picture.text()).toBe("1");
  });

  it("numbers and times the frames as a live session does", async () => {
    (await post(0)).answer(taken());
    await post(1);
    await vi.advanceTimersByTimeAsync(250);
    posted[1]!.answer(taken());
    const third = await post(2);
    await vi.advanceTimersByTimeAsync(100);
    third.answer(taken());
    await vi.waitFor(() => expect(snapshots).toHaveLength(3));
    expect(snapshots.map(({ frame }) => frame.seq)).toEqual([0, 1, 2]);
    const [first, second, last] = snapshots.map(({ frame }) => frame.timestampMs);
    expect(first).toBe(0);
    expect(last! - second!).toBeGreaterThanOrEqual(250);
    expect(snapshots[2]!.roundTripMs).toBeGreaterThanOrEqual(100);
  });

  it("waits as long as a busy server wants, and goes on with a new picture", async () => {
    (await post(0)).answer(problem(503, { "Retry-After": "7" }));
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]).toMatchObject({ ms: 7000, error: { reason: "server-full", message: "the server's words" } });
    await vi.advanceTimersByTimeAsync(6800);
    expect(posted).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(await (await post(1)).picture.text()).toBe("1");
  });

  it("tries ever more rarely while the server doesn't answer, crashes or is too slow", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    (await post(0)).answer(new TypeError("Failed to fetch"));
    await vi.advanceTimersByTimeAsync(1100);
    (await post(1)).answer(problem(500));
    await vi.advanceTimersByTimeAsync(2100);
    (await post(2)).answer(problem(504));
    await vi.waitFor(() => expect(waits).toHaveLength(3));
    const [first, second, third] = waits.map(({ ms }) => ms) as [number, number, number];
    expect(first).toBeLessThanOrEqual(1000);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
  });

  it.each([400, 401, 413, 415])("ends at a refusal with status %i", async (status) => {
    (await post(0)).answer(problem(status));
    expect(await posting).toMatchObject({ status });
  });

  it("stops at once, even while a picture is on its way", async () => {
    await post(0);
    stop.abort(new Error("stopped"));
    expect(await posting).toMatchObject({ message: "stopped" });
    posted[0]!.answer(taken());
    await vi.advanceTimersByTimeAsync(100);
    expect(snapshots).toEqual([]);
  });
});

it("the rate is that of the last seconds", () => {
  const rate = new Rate();
  expect(rate.count(0)).toBeNull();
  expect(rate.count(500)).toBe(2);
  expect(rate.count(1000)).toBe(2);
  for (let time = 1100; time <= 10_000; time += 100) {
    rate.count(time);
  }
  expect(rate.count(10_100)).toBeCloseTo(10);
});

it.each([
  [
    { width: 640, height: 480 },
    { width: 640, height: 480 },
  ],
  [
    { width: 1280, height: 720 },
    { width: 960, height: 540 },
  ],
  [
    { width: 1080, height: 1920 },
    { width: 540, height: 960 },
  ],
])("a picture of %j is sent as %j", (size, expected) => {
  expect(fitInto(960, size)).toEqual(expected);
});
