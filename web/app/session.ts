/** What the page is doing: from Start to Stop, whatever happens between. */

import { Emitter } from "../sdk/src/events.js";
import { type HolisticClient, HolisticError, type StateChange } from "../sdk/src/index.js";
import { sleep } from "../sdk/src/timing.js";
import { type Source, SourceError } from "./camera.js";
import { connectionStatus, failedStatus, IDLE, placeWait, type Status } from "./status.js";

/** As much of a client as a session needs. */
export type Client = Pick<HolisticClient, "on" | "connect" | "replaceTrack" | "close">;

export type OpenSource = () => Promise<Source>;

/**
 * Holds the source and the client from Start to Stop.
 *
 * Each Start makes a run of its own; what is still under way when its run is over notices that and cleans up behind
 * itself, so that Stop works at any moment.
 */
export class PageSession extends Emitter<{ status: Status; source: Source | null }> {
  readonly #client: Client;
  #run: AbortController | null = null;
  #source: Source | null = null;
  #opening = 0;
  #connecting = false;
  #status = IDLE;

  constructor(client: Client) {
    super();
    this.#client = client;
    client.on("state", (change) => this.#follow(change));
  }

  get status(): Status {
    return this.#status;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  /** Start, or when it is running, switch to another source without a new connection. */
  async use(open: OpenSource): Promise<void> {
    const before = this.#run;
    const run = before ?? new AbortController();
    this.#run = run;
    if (!before) {
      this.#set({ ...IDLE, state: "starting" });
    }
    try {
      if (!(await this.#open(open, run))) {
        return;
      }
      if (this.#connecting) {
        await this.#client.replaceTrack(this.#source!.stream.getVideoTracks()[0]!);
      } else {
        await this.#connect(run);
      }
    } catch (error) {
      if (this.#run === run) {
        this.#fail(error);
      }
    }
  }

  stop(): void {
    this.#end();
    this.#set(IDLE);
  }

  /**
   * Put a newly opened source in the present one's place.
   *
   * @returns whether that is still wanted.
   */
  async #open(open: OpenSource, run: AbortController): Promise<boolean> {
    const turn = ++this.#opening;
    this.#closeSource(); // First, since many cameras can't be opened twice.
    const source = await open();
    if (this.#run !== run || this.#opening !== turn) {
      source.close();
      return false;
    }
    this.#source = source;
    source.stream.getVideoTracks()[0]!.addEventListener("ended", () => {
      if (this.#source === source) {
        this.#fail(new SourceError("camera-lost"));
      }
    });
    this.emit("source", source);
    return true;
  }

  /** Connect, and as long as the server is full, wait for a place. */
  async #connect(run: AbortController): Promise<void> {
    this.#connecting = true;
    // Without a source, another one is being opened, after which it goes on from `use()`.
    while (this.#source) {
      try {
        await this.#client.connect(this.#source.stream);
        return;
      } catch (error) {
        if (this.#run !== run) {
          return;
        }
        const wait = placeWait(error);
        if (!wait) {
          throw error;
        }
        this.#set(wait.status);
        await sleep(wait.ms, run.signal);
      }
    }
    this.#connecting = false;
  }

  #follow(change: StateChange): void {
    if (!this.#run) {
      return;
    }
    const status = connectionStatus(change);
    if (status) {
      this.#set(status);
    } else if (change.state === "failed" && change.previous !== "connecting") {
      this.#fail(change.error); // A failure while connecting is what `connect()` rejects with.
    } else if (change.state === "closed") {
      this.stop(); // The page is being left, or someone used `window.holistic`.
    }
  }

  #fail(error: unknown): void {
    this.#end();
    this.#set(failedStatus(error));
  }

  #end(): void {
    const run = this.#run;
    this.#run = null;
    this.#connecting = false;
    run?.abort(new HolisticError("aborted", "stopped"));
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
