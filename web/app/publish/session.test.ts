import { type ClientState, Emitter, HolisticError, type HolisticEvents } from "holistic-rtc";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Source, SourceError } from "../camera/camera.js";
import type { PageState } from "../connection/status.js";
import { type Client, PageSession } from "./session.js";
import type { SnapshotEvents } from "./snapshot-loop.js";

/** A client whose connection is made, refused and lost by the test. */
class FakeClient extends Emitter<HolisticEvents> implements Client {
  state: ClientState = "idle";
  sent: MediaStreamTrack | null = null;
  attempts = 0;
  #settle: { resolve: () => void; reject: (error: HolisticError) => void } | null = null;

  async connect(stream: MediaStream): Promise<void> {
    this.attempts += 1;
    this.sent = stream.getVideoTracks()[0]!;
    this.become("connecting");
    await new Promise<void>((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.sent = track;
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.state !== "idle" && this.state !== "closed") {
      this.become("closed");
      this.#settle?.reject(new HolisticError("aborted", "the client was closed"));
    }
    return Promise.resolve();
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

class FakeTrack extends EventTarget {}

interface FakeSource extends Source {
  track: FakeTrack;
  closed: boolean;
}

function makeSource(kind: Source["kind"] = "camera"): FakeSource {
  const track = new FakeTrack();
  const source: FakeSource = {
    kind,
    track,
    closed: false,
    stream: { getVideoTracks: () => [track], getTracks: () => [track] } as unknown as MediaStream,
    close: () => (source.closed = true),
  };
  return source;
}

/** A source that opens when the test says so. */
function makeSlowSource() {
  const source = makeSource();
  let open!: () => void;
  const opening = new Promise<Source>((resolve) => (open = () => resolve(source)));
  return { source, open, opener: () => opening };
}

/** A row of snapshots, which the test ends if the page doesn't. */
interface Posting {
  stream: MediaStream;
  signal: AbortSignal;
  events: SnapshotEvents;
  fail: (error: Error) => void;
}

let client: FakeClient;
let session: PageSession;
let states: PageState[];
let postings: Posting[];

beforeEach(() => {
  client = new FakeClient();
  postings = [];
  session = new PageSession(client, (stream, events, signal) => {
    return new Promise<never>((_, fail) => {
      postings.push({ stream, events, signal, fail });
      signal.addEventListener("abort", () => fail(signal.reason as Error));
    });
  });
  states = [];
  session.on("status", ({ state }) => states.push(state));
});

async function startLive(): Promise<FakeSource> {
  const source = makeSource();
  void session.use(() => Promise.resolve(source));
  await vi.waitFor(() => expect(client.state).toBe("connecting"));
  client.succeed();
  expect(session.status.state).toBe("connected");
  return source;
}

it("goes from Start over the camera and the connection to live, and by Stop back", async () => {
  const source = await startLive();
  expect(client.sent).toBe(source.track);
  session.stop();
  expect(states).toEqual(["starting", "connecting", "connected", "idle"]);
  expect(source.closed).toBe(true);
  expect(client.state).toBe("closed");
});

describe("Stop works at any moment:", () => {
  it("while the browser asks for the camera, which is closed when it comes after all", async () => {
    const { source, open, opener } = makeSlowSource();
    const using = session.use(opener);
    session.stop();
    open();
    await using;
    expect(source.closed).toBe(true);
    expect(client.attempts).toBe(0);
    expect(session.status.state).toBe("idle");
  });

  it("while it connects", async () => {
    const source = makeSource();
    const using = session.use(() => Promise.resolve(source));
    await vi.waitFor(() => expect(client.state).toBe("connecting"));
    session.stop();
    await using;
    expect(source.closed).toBe(true);
    expect(session.status).toMatchObject({ state: "idle", problem: null });
  });

  it("while it waits for a place", async () => {
    const using = session.use(() => Promise.resolve(makeSource()));
    await vi.waitFor(() => expect(client.state).toBe("connecting"));
    client.refuse(new HolisticError("server-full", "full", { retryAfter: 60 }));
    await vi.waitFor(() => expect(session.status.state).toBe("waiting"));
    session.stop();
    await using;
    expect(session.status.state).toBe("idle");
    expect(client.attempts).toBe(1);
  });

  it("and then Start begins anew", async () => {
    const { open, opener } = makeSlowSource();
    void session.use(opener);
    session.stop();
    await startLive();
    open();
    await Promise.resolve();
    expect(session.status.state).toBe("connected");
  });
});

it("a full server is asked again when it said so, with the camera kept open", async () => {
  const source = makeSource();
  void session.use(() => Promise.resolve(source));
  await vi.waitFor(() => expect(client.state).toBe("connecting"));
  client.refuse(new HolisticError("server-full", "full", { retryAfter: 0.01 }));
  await vi.waitFor(() => expect(client.attempts).toBe(2));
  expect(states).toContain("waiting");
  expect(source.closed).toBe(false);
  client.succeed();
  expect(session.status.state).toBe("connected");
});

describe("it connects anew with the same source", () => {
  it("when it is asked to", async () => {
    const source = await startLive();
    void session.reconnect();
    await vi.waitUntil(() => client.attempts === 2);
    expect(session.status.state).toBe("connecting");
    expect(source.closed).toBe(false);
    client.succeed();
    expect(session.status.state).toBe("connected");
    expect(client.sent).toBe(source.track);
  });

  it("unless it is stopped meanwhile", async () => {
    await startLive();
    const reconnected = session.reconnect();
    session.stop();
    await reconnected;
    expect(client.attempts).toBe(1);
    expect(session.status.state).toBe("idle");
  });

  it("but not when nothing runs", async () => {
    await session.reconnect();
    expect(client.attempts).toBe(0);
  });
});

it("another source takes the place of the first one without a new connection", async () => {
  const first = await startLive();
  const second = makeSource("sample");
  await session.use(() => Promise.resolve(second));
  expect(first.closed).toBe(true);
  expect(client.sent).toBe(second.track);
  expect(client.attempts).toBe(1);
  expect(session.status.state).toBe("connected");
});

it("of sources chosen in quick succession the last one is used, and the others are closed", async () => {
  const slow = makeSlowSource();
  const first = session.use(slow.opener);
  const last = makeSource();
  void session.use(() => Promise.resolve(last));
  slow.open();
  await first;
  await vi.waitFor(() => expect(client.sent).toBe(last.track));
  expect(slow.source.closed).toBe(true);
  expect(last.closed).toBe(false);
});

describe("it fails, and lets go of everything,", () => {
  it("when the camera is denied", async () => {
    await session.use(() => Promise.reject(new SourceError("camera-denied")));
    expect(session.status).toMatchObject({ state: "failed", problem: "camera-denied" });
    expect(session.running).toBe(false);
  });

  it("when the camera is unplugged", async () => {
    const source = await startLive();
    source.track.dispatchEvent(new Event("ended"));
    expect(session.status).toMatchObject({ state: "failed", problem: "camera-lost" });
    expect(client.state).toBe("closed");
  });

  it("when the server refuses", async () => {
    const source = makeSource();
    const using = session.use(() => Promise.resolve(source));
    await vi.waitFor(() => expect(client.state).toBe("connecting"));
    client.refuse(new HolisticError("refused", "no common codec"));
    await using;
    expect(session.status).toMatchObject({ state: "failed", problem: "refused", detail: "no common codec" });
    expect(source.closed).toBe(true);
  });

  it("when a lost connection can't be made again", async () => {
    const source = await startLive();
    client.become("reconnecting", new HolisticError("connection-lost", "lost"));
    expect(session.status).toMatchObject({ state: "reconnecting", problem: "connection-lost", attempt: 1 });
    client.become("failed", new HolisticError("refused", "no"));
    expect(session.status).toMatchObject({ state: "failed", problem: "refused" });
    expect(source.closed).toBe(true);
  });
});

describe("where live video can't get through", () => {
  const NO_WAY = new HolisticError("ice-failed", "no way was found");

  async function startSnapshots(): Promise<FakeSource> {
    const source = makeSource();
    void session.use(() => Promise.resolve(source));
    await vi.waitFor(() => expect(client.state).toBe("connecting"));
    client.refuse(NO_WAY);
    await vi.waitFor(() => expect(session.status.state).toBe("snapshots"));
    return source;
  }

  it("it sends snapshots of the same source, and says why", async () => {
    const source = await startSnapshots();
    expect(session.status).toMatchObject({ problem: "ice-failed", detail: "no way was found" });
    expect(postings.map(({ stream }) => stream)).toEqual([source.stream]);
    expect(source.closed).toBe(false);
    expect(states).toEqual(["starting", "connecting", "snapshots"]);
  });

  it("it does so too when a lost connection can't be made again for that reason", async () => {
    const source = await startLive();
    client.become("reconnecting", new HolisticError("connection-lost", "lost"));
    client.become("reconnecting", NO_WAY);
    expect(session.status.state).toBe("snapshots");
    expect(postings).toHaveLength(1);
    expect(client.state).toBe("closed");
    expect(source.closed).toBe(false);
  });

  it("live video can be tried again, and where it works the snapshots end", async () => {
    const source = await startSnapshots();
    void session.useLive();
    expect(postings[0]!.signal.aborted).toBe(true);
    await vi.waitFor(() => expect(client.attempts).toBe(2));
    client.succeed();
    expect(session.status.state).toBe("connected");
    expect(source.closed).toBe(false);
  });

  it("live video can be tried again, and where it still doesn't work the snapshots go on", async () => {
    await startSnapshots();
    void session.useLive();
    await vi.waitFor(() => expect(client.attempts).toBe(2));
    client.refuse(NO_WAY);
    await vi.waitFor(() => expect(postings).toHaveLength(2));
    expect(session.status.state).toBe("snapshots");
  });

  it("another source takes the place of the first one", async () => {
    const first = await startSnapshots();
    const second = makeSource("sample");
    void session.use(() => Promise.resolve(second));
    await vi.waitFor(() => expect(postings).toHaveLength(2));
    expect(first.closed).toBe(true);
    expect(postings[0]!.signal.aborted).toBe(true);
    expect(postings[1]!.stream).toBe(second.stream);
    expect(session.status).toMatchObject({ state: "snapshots", problem: "ice-failed" });
    expect(client.attempts).toBe(1);
  });

  it("Stop ends the snapshots, and Start tries live video first", async () => {
    const source = await startSnapshots();
    session.stop();
    expect(postings[0]!.signal.aborted).toBe(true);
    expect(source.closed).toBe(true);
    await startLive();
    expect(states.slice(-4)).toEqual(["idle", "starting", "connecting", "connected"]);
  });

  it("a server that refuses the snapshots ends it all", async () => {
    const source = await startSnapshots();
    postings[0]!.fail(new HolisticError("unauthorized", "this server needs a token"));
    await vi.waitFor(() => expect(session.status).toMatchObject({ state: "failed", problem: "unauthorized" }));
    expect(source.closed).toBe(true);
  });
});

describe("snapshots can be chosen", () => {
  it("while the server is full", async () => {
    const source = makeSource();
    void session.use(() => Promise.resolve(source));
    await vi.waitFor(() => expect(client.state).toBe("connecting"));
    client.refuse(new HolisticError("server-full", "full", { retryAfter: 0.05 }));
    await vi.waitFor(() => expect(session.status.state).toBe("waiting"));
    void session.useSnapshots();
    expect(session.status).toMatchObject({ state: "snapshots", problem: null });
    expect(postings).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 100)); // longer than it was to wait for a place
    expect(client.attempts).toBe(1);
  });

  it("while it reconnects", async () => {
    await startLive();
    client.become("reconnecting", new HolisticError("connection-lost", "lost"));
    void session.useSnapshots();
    expect(session.status.state).toBe("snapshots");
    expect(client.state).toBe("closed");
  });

  it("but not when nothing runs", () => {
    void session.useSnapshots();
    expect(session.status.state).toBe("idle");
    expect(postings).toEqual([]);
  });
});
