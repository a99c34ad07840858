import { beforeEach, expect, it } from "vitest";
import type { ClientState, HolisticEvents } from "./client.js";
import { HolisticError } from "./errors.js";
import { Emitter } from "./events.js";
import { emptyFrame, type HolisticFrame } from "./frame.js";
import { newestFrames } from "./newest.js";

/** A client whose frames come and whose connection goes when the test says so. */
class FakeClient extends Emitter<HolisticEvents> {
  state: ClientState = "connected";
  error: HolisticError | null = null;
  listeners = 0;

  override on<Name extends keyof HolisticEvents>(event: Name, listener: (value: HolisticEvents[Name]) => void) {
    this.listeners += 1;
    const stop = super.on(event, listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }

  track(seq: number, track = 0, person = 0): void {
    this.emit("landmarks", emptyFrame({ seq, track, person, timestampMs: 33 * seq, width: 640, height: 480 }));
  }

  become(state: ClientState, error: HolisticError | null = null): void {
    const previous = this.state;
    this.state = state;
    this.error = error;
    this.emit("state", { state, previous, error, attempt: 0, retryMs: 0 });
  }
}

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient();
});

async function seq(next: Promise<IteratorResult<HolisticFrame, void>>): Promise<number | undefined> {
  return (await next).value?.seq;
}

it("each frame is given to who waits for it", async () => {
  const frames = newestFrames(client);
  for (const number of [0, 1, 2]) {
    const next = seq(frames.next());
    client.track(number);
    expect(await next).toBe(number);
  }
});

it("who is slow gets the newest frame, and none of those before it", async () => {
  const frames = newestFrames(client);
  const first = seq(frames.next());
  client.track(0);
  expect(await first).toBe(0);
  for (let number = 1; number <= 1000; number++) {
    client.track(number);
  }
  expect(await seq(frames.next())).toBe(1000);
  const next = seq(frames.next());
  client.track(1001);
  expect(await next).toBe(1001);
});

it("of several tracks each has its turn", async () => {
  const frames = newestFrames(client);
  const first = frames.next();
  client.track(0, 0);
  await first;
  const tracks = [];
  for (let number = 1; number <= 6; number++) {
    client.track(number, 0);
    client.track(number, 1);
    tracks.push((await frames.next()).value?.track);
  }
  expect(tracks).toEqual([0, 1, 0, 1, 0, 1]);
});

it("it ends when the client is closed, after the frame that had come", async () => {
  const frames = newestFrames(client);
  const first = frames.next();
  client.track(0);
  await first;
  client.track(1);
  client.become("closed");
  expect(await seq(frames.next())).toBe(1);
  expect(await frames.next()).toEqual({ done: true, value: undefined });
});

it("it throws why the client has failed", async () => {
  const next = newestFrames(client).next();
  client.become("failed", new HolisticError("session-ended", "the session has ended"));
  await expect(next).rejects.toThrow("the session has ended");
  await expect(newestFrames(client).next()).rejects.toThrow("the session has ended");
});

it("it goes on over a reconnection", async () => {
  const next = seq(newestFrames(client).next());
  client.become("reconnecting", new HolisticError("connection-lost", "nothing came for 3 s"));
  client.become("connected");
  client.track(0);
  expect(await next).toBe(0);
});

it("it waits for a client that is yet to connect", async () => {
  client.state = "idle";
  const next = seq(newestFrames(client).next());
  client.become("connecting");
  client.become("connected");
  client.track(0);
  expect(await next).toBe(0);
});

it("its signal ends it with the signal's reason", async () => {
  const controller = new AbortController();
  const next = newestFrames(client, controller.signal).next();
  controller.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  await expect(newestFrames(client, controller.signal).next()).rejects.toThrow("enough");
});

it("a loop that is left listens no more", async () => {
  const frames = newestFrames(client);
  const next = frames.next();
  expect(client.listeners).toBe(2);
  client.track(0);
  await next;
  await frames.return();
  expect(client.listeners).toBe(0);
});

it("who is slow gets the newest frame of each person", async () => {
  const frames = newestFrames(client);
  const first = frames.next();
  client.track(0);
  await first;
  for (const number of [1, 2]) {
    client.track(number, 0, 0);
    client.track(number, 0, 1);
  }
  const newest = [await frames.next(), await frames.next()].map(({ value }) => [value!.seq, value!.person]);
  expect(newest).toEqual([
    [2, 0],
    [2, 1],
  ]);
});
