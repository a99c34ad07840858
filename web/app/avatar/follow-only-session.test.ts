import {
  type ClientState,
  Emitter,
  type ErrorReason,
  HolisticError,
  type HolisticEvents,
  type HolisticFrame,
} from "holistic-rtc";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Status } from "../connection/status.js";
import { type Client, OnlySessionFollower } from "./follow-only-session.js";

/** A client that is connected at once, or refused with what `refusal` says. */
class FakeClient extends Emitter<HolisticEvents> implements Client {
  readonly asked: string[] = [];
  refusal: HolisticError | null = null;
  #state: ClientState = "idle";

  async subscribe(sessionId: string): Promise<void> {
    this.asked.push(sessionId);
    this.become("connecting");
    await Promise.resolve();
    if (this.refusal) {
      this.become("failed", this.refusal);
      throw this.refusal;
    }
    this.become("connected");
  }

  become(state: ClientState, error: HolisticError | null = null): void {
    const previous = this.#state;
    this.#state = state;
    this.emit("state", { state, previous, error, attempt: 0, retryMs: 0 });
  }

  frame(): void {
    this.emit("landmarks", {} as HolisticFrame);
  }
}

let client: FakeClient;
let running: string[];
let listError: HolisticError | null;
let lists: number;
let statuses: Status[];

beforeEach(() => {
  vi.useFakeTimers();
  client = new FakeClient();
  running = [];
  listError = null;
  lists = 0;
  statuses = [];
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(): Promise<void> {
  const following = new OnlySessionFollower(client, () => {
    lists += 1;
    return listError ? Promise.reject(listError) : Promise.resolve(running.map((id) => ({ id })));
  });
  following.on("status", (status) => statuses.push(status));
  void following.start();
  await pass(0);
}

async function pass(ms = 2000): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** Of a session that goes well. */
async function passWithFrames(): Promise<void> {
  await pass(1500);
  client.frame();
  await pass(500);
}

async function runOnly(...sessions: string[]): Promise<void> {
  running = sessions;
  await pass();
}

function end(): void {
  client.become("failed", new HolisticError("session-ended", "the session has ended", { code: "session_ended" }));
}

const newest = () => ({ state: statuses.at(-1)!.state, problem: statuses.at(-1)!.problem });

it("waits until somebody is live, and follows", async () => {
  await start();
  expect(newest()).toEqual({ state: "waiting", problem: "no-session" });
  await runOnly("a");
  expect(newest()).toEqual({ state: "connected", problem: null });
  expect(client.asked).toEqual(["a"]);
});

it("goes over to the next session when the one before has ended", async () => {
  running = ["a"];
  await start();
  end();
  expect(newest()).toEqual({ state: "waiting", problem: "no-session" });
  await pass(); // The server still lists it for a moment.
  expect(client.asked).toEqual(["a"]);
  await runOnly("b");
  expect(client.asked).toEqual(["a", "b"]);
  expect(newest().state).toBe("connected");
});

it("makes no choice where there are several, and says so", async () => {
  running = ["a", "b"];
  await start();
  expect(newest()).toEqual({ state: "waiting", problem: "several-sessions" });
  await pass(10_000);
  expect(client.asked).toEqual([]);
  await runOnly("b");
  expect(client.asked).toEqual(["b"]);
});

it("stays with its session when others come, and never goes over to one of those", async () => {
  running = ["mine"];
  await start();
  running = ["mine", "theirs"];
  await passWithFrames();
  expect(client.asked).toEqual(["mine"]);
  end();
  await runOnly("theirs");
  await pass(60_000);
  expect(client.asked).toEqual(["mine"]);
  await runOnly("theirs", "mine-again");
  expect(client.asked).toEqual(["mine", "mine-again"]);
});

it("follows a publisher who connects again before the server has given the old session up", async () => {
  running = ["before"];
  await start();
  await passWithFrames();
  await pass(3000); // Without a frame, as the publisher's network is gone.
  await runOnly("before", "after");
  end();
  await runOnly("after");
  expect(client.asked).toEqual(["before", "after"]);
});

it("leaves a session alone whose connection the client is making anew", async () => {
  running = ["a"];
  await start();
  client.become("reconnecting", new HolisticError("connection-lost", "nothing came for 3 s"));
  await pass(20_000);
  expect(newest()).toEqual({ state: "reconnecting", problem: "connection-lost" });
  client.become("connected");
  listError = new HolisticError("server-unreachable", "no answer");
  await pass();
  expect(newest().state).toBe("connected");
  expect(client.asked).toEqual(["a"]);
});

it.each<ErrorReason>(["session-unknown", "session-ended", "aborted"])(
  "looks again when a session is over before it could be followed: %s",
  async (reason) => {
    running = ["a"];
    client.refusal = new HolisticError(reason, "");
    await start();
    client.refusal = null;
    await runOnly("b");
    expect(client.asked).toEqual(["a", "b"]);
    expect(statuses.map(({ state }) => state)).not.toContain("failed");
  },
);

it("waits for a server that doesn't answer, and for a place", async () => {
  listError = new HolisticError("server-unreachable", "no answer");
  await start();
  expect(newest()).toEqual({ state: "reconnecting", problem: "server-unreachable" });
  listError = null;
  client.refusal = new HolisticError("server-full", "16 are watching", { retryAfter: 30 });
  await runOnly("a");
  expect(newest()).toEqual({ state: "waiting", problem: "server-full" });
  client.refusal = null;
  await pass(29_000);
  expect(client.asked).toEqual(["a"]);
  await pass(1000);
  expect(newest().state).toBe("connected");
});

it("ends where the server refuses for good", async () => {
  listError = new HolisticError("unauthorized", "no token");
  await start();
  expect(newest()).toEqual({ state: "failed", problem: "unauthorized" });
  await pass(60_000);
  expect(lists).toBe(1);
});
