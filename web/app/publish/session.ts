/** What the page is doing: from Start to Stop, whatever happens between. */

import { Emitter, type HolisticClient, HolisticError, sleep, type StateChange } from "holistic-rtc";
import { type Source, SourceError } from "../camera/camera.js";
import { connectionStatus, describe, failedStatus, IDLE, placeWait, type Status } from "../connection/status.js";
import type { SnapshotEvents } from "./snapshot-loop.js";

/** As much of a client as a session needs. */
export type Client = Pick<HolisticClient, "on" | "connect" | "replaceTrack" | "close">;

export type OpenSource = () => Promise<Source>;

/** Posts pictures of the stream until the signal is aborted, and rejects when that, or going on, is out of the question. */
export type PostPictures = (stream: MediaStream, events: SnapshotEvents, signal: AbortSignal) => Promise<never>;

type SnapshotEventValues = { [Name in keyof SnapshotEvents]: Parameters<SnapshotEvents[Name]>[0] };

/**
 * Holds the source and the client from Start to Stop.
 *
 * Pictures go to the server as live video; or, where that can't get through, as snapshots one after the other. What is
 * still under way when it is not wanted any more notices that and cleans up behind itself, so that Stop works at any
 * moment.
 */
export class PageSession extends Emitter<{ status: Status; source: Source | null } & SnapshotEventValues> {
  readonly #client: Client;
  readonly #post: PostPictures;
  #running = false;
  #mode: "live" | "snapshots" = "live";
  /** The connection, or the attempt to make one, or the row of snapshots; aborted when it isn't wanted any more. */
  #leg: AbortController | null = null;
  #source: Source | null = null;
  #opening = 0;
  #status = IDLE;

  constructor(client: Client, post: PostPictures) {
    super();
    this.#client = client;
    this.#post = post;
    client.on("state", (change) => this.#follow(change));
  }

  get status(): Status {
    return this.#status;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Start, or when it is running, switch to another source without a new connection. */
  async use(open: OpenSource): Promise<void> {
    if (!this.#running) {
      this.#running = true;
      this.#set({ ...IDLE, state: "starting" });
    }
    const turn = ++this.#opening;
    if (this.#mode === "snapshots") {
      this.#endLeg();
    }
    this.#closeSource(); // First, since many cameras can't be opened twice.
    try {
      const source = await open();
      if (this.#opening !== turn) {
        source.close();
        return;
      }
      this.#take(source);
      if (this.#mode === "snapshots") {
        await this.#takeSnapshots();
      } else if (this.#leg) {
        for (const track of source.stream.getTracks()) {
          await this.#client.replaceTrack(track);
        }
      } else {
        await this.#connect();
      }
    } catch (error) {
      if (this.#opening === turn) {
        this.#fail(error);
      }
    }
  }

  stop(): void {
    this.#end();
    this.#set(IDLE);
  }

  /**
   * Give up live video, and send snapshots of the same source.
   *
   * @param why - what keeps live video from getting through, if anything does.
   */
  async useSnapshots(why: HolisticError | null = null): Promise<void> {
    if (!this.#running || this.#mode === "snapshots") {
      return;
    }
    this.#mode = "snapshots";
    this.#endLeg();
    void this.#client.close();
    this.#set({ ...IDLE, state: "snapshots", ...(why && describe(why)) });
    await this.#takeSnapshots();
  }

  /** Try live video again. */
  async useLive(): Promise<void> {
    if (!this.#running || this.#mode === "live") {
      return;
    }
    this.#mode = "live";
    this.#endLeg();
    this.#set({ ...IDLE, state: "connecting" });
    await this.#connect();
  }

  /** Connect anew with the same source, as the options of `connect()` have changed. */
  async reconnect(): Promise<void> {
    if (!this.#running || this.#mode !== "live" || !this.#leg) {
      return;
    }
    this.#endLeg();
    this.#set({ ...IDLE, state: "connecting" });
    await this.#client.close();
    if (this.#awaitsConnection()) {
      await this.#connect();
    }
  }

  #awaitsConnection(): boolean {
    return this.#running && this.#mode === "live" && this.#leg === null;
  }

  #take(source: Source): void {
    this.#source = source;
    source.stream.getVideoTracks()[0]!.addEventListener("ended", () => {
      if (this.#source === source) {
        this.#fail(new SourceError("camera-lost"));
      }
    });
    this.emit("source", source);
  }

  /** Connect, and as long as the server is full, wait for a place. Where video can't get through, send snapshots. */
  async #connect(): Promise<void> {
    await this.#runLeg(async (signal) => {
      // Without a source, another one is being opened, after which it goes on from `use()`.
      while (this.#source) {
        try {
          await this.#client.connect(this.#source.stream, { audio: true });
          return;
        } catch (error) {
          signal.throwIfAborted();
          if (cannotGetThrough(error)) {
            void this.useSnapshots(error);
            return;
          }
          const wait = placeWait(error);
          if (!wait) {
            throw error;
          }
          this.#set(wait.status);
          await sleep(wait.ms, signal);
        }
      }
      this.#leg = null;
    });
  }

  async #takeSnapshots(): Promise<void> {
    const source = this.#source;
    if (source) {
      await this.#runLeg((signal) =>
        this.#post(
          source.stream,
          {
            snapshot: (snapshot) => this.emit("snapshot", snapshot),
            wait: (wait) => this.emit("wait", wait),
          },
          signal,
        ),
      );
    }
  }

  async #runLeg(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const leg = (this.#leg = new AbortController());
    try {
      await work(leg.signal);
    } catch (error) {
      if (!leg.signal.aborted) {
        this.#fail(error);
      }
    }
  }

  #endLeg(): void {
    const leg = this.#leg;
    this.#leg = null;
    leg?.abort(new HolisticError("aborted", "stopped"));
  }

  #follow(change: StateChange): void {
    if (!this.#running || this.#mode === "snapshots") {
      return;
    }
    const status = connectionStatus(change);
    if (change.state === "reconnecting" && cannotGetThrough(change.error)) {
      void this.useSnapshots(change.error);
    } else if (status) {
      this.#set(status);
    } else if (change.state === "failed" && change.previous !== "connecting") {
      this.#fail(change.error); // A failure while connecting is what `connect()` rejects with.
    } else if (change.state === "closed" && this.#leg) {
      this.stop(); // The page is being left, or someone used `window.holistic`.
    }
  }

  #fail(error: unknown): void {
    this.#end();
    this.#set(failedStatus(error));
  }

  #end(): void {
    this.#running = false;
    this.#mode = "live";
    this.#opening += 1;
    this.#endLeg();
    this.#closeSource();
    void this.#client.close();
  }

  #closeSource(): void {
    this.#source?.close();
    this.#source = null;
    this.emit("source", null);
  }

  #set(status: Status): void {
    this.#status = status;
    this.emit("status", status);
  }
}

function cannotGetThrough(error: unknown): error is HolisticError {
  return error instanceof HolisticError && error.reason === "ice-failed";
}
