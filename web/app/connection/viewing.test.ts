import { type ClientState, Emitter, HolisticError, type HolisticEvents } from "holistic-rtc";
import { beforeEach, expect, it, vi } from "vitest";
import type { PageState } from "./status.js";
import { type Client, Viewing } from "./viewing.js";

/** A client whose subscription is made, refused and lost by the test. */
class FakeClient extends Emitter<HolisticEvents> implements Client {
  state: ClientState = "idle";
  readonly asked: [string, string | null | undefined][] = [];
  #settle: { resolve: () => void; reject: (error: HolisticError) => void } | null = null;

  async subscribe(sessionId: string, { key }: { key?: string | null } = {}): Promise<void> {
    this.asked.push([sessionId, key]);
    this.become("connecting");
    await new Promise<void>((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  succeed(): void {
    this.become("connected");
    this.#settle?.resolve();
  }

  refuse(error: HolisticError): void {
    this.become("failed", error);
    this.#settle?.reject(error);
  }

  become(state: ClientState, error: HolisticError | null = null): void {
    const previous = this.state;
    this.state = state;
    this.emit("state", { state, previous, error, attempt: state === "reconnecting" ? 1 : 0, retryMs: 0 });
  }
}

let client: FakeClient;
let viewing: Viewing;
let states: PageState[];

beforeEach(() => {
  client = new FakeClient();
  viewing = new Viewing(client, "abc", "k3y");
  states = [];
  viewing.on("status", ({ state }) => states.push(state));
});

it("it connects to its session with its key, and says when that is over", async () => {
  const started = viewing.start();
  client.succeed();
  await started;
  client.become("failed", new HolisticError("session-ended", "the session has ended", { code: "session_ended" }));
  expect(client.asked).toEqual([["abc", "k3y"]]);
  expect(states).toEqual(["connecting", "connected", "failed"]);
  expect(viewing.status).toMatchObject({ problem: "session-ended", detail: "the session has ended" });
});

it("while all places are taken it waits for one", async () => {
  const started = viewing.start();
  client.refuse(new HolisticError("server-full", "16 are watching", { retryAfter: 0.01 }));
  await vi.waitFor(() => expect(client.asked).toHaveLength(2));
  client.succeed();
  await started;
  expect(states).toEqual(["connecting", "waiting", "connecting", "connected"]);
});

it("what can't be subscribed to is said once, and can be tried again", async () => {
  const first = viewing.start();
  client.refuse(new HolisticError("server-unreachable", "no answer"));
  await first;
  expect(viewing.status).toMatchObject({ state: "failed", problem: "server-unreachable", detail: "no answer" });
  const second = viewing.start();
  client.succeed();
  await second;
  expect(states).toEqual(["connecting", "failed", "connecting", "connected"]);
});

it("it tells of a reconnection that is under way", async () => {
  const started = viewing.start();
  client.succeed();
  await started;
  client.become("reconnecting", new HolisticError("connection-lost", "nothing came for 3 s"));
  expect(viewing.status).toMatchObject({ state: "reconnecting", problem: "connection-lost", attempt: 1 });
});
