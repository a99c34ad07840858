/** What the page is doing: from Start to Stop, whatever happens between. */

import { Emitter } from "../sdk/src/events.js";
import { type ErrorReason, type HolisticClient, HolisticError, type StateChange } from "../sdk/src/index.js";
import { sleep } from "../sdk/src/timing.js";
import { type Source, SourceError, type SourceProblem } from "./camera.js";

export type PageState = "idle" | "starting" | "connecting" | "connected" | "waiting" | "reconnecting" | "failed";

export type Problem = SourceProblem | ErrorReason | "unexpected";

export interface Status {
  state: PageState;
  /** Why, when it is `waiting`, `reconnecting` or `failed`. */
  problem: Problem | null;
  /** The same in the words of whoever found it, which are English. */
  detail: string;
  /** Which attempt comes next, when it is `reconnecting`. */
  attempt: number;
  /** When that is, on `performance.now()`'s clock; 0 for none. */
  retryAt: number;
}

/** As much of a client as a session needs. */
export type Client = Pick<HolisticClient, "on" | "connect" | "replaceTrack" | "close">;

export type OpenSource = () => Promise<Source>;

const IDLE: Status = { state: "idle", problem: null, detail: "", attempt: 0, retryAt: 0 };
/** Where a full server doesn't say when to come back. */
const RETRY_MS = 5000;

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
        if (!(error instanceof HolisticError) || error.reason !== "server-full") {
          throw error;
        }
        const wait = error.retryAfter ? error.retryAfter * 1000 : RETRY_MS;
        const retryAt = performance.now() + wait;
        this.#set({ ...IDLE, state: "waiting", problem: error.reason, detail: error.message, retryAt });
        await sleep(wait, run.signal);
      }
    }
    this.#connecting = false;
  }

  #follow({ state, previous, error, attempt, retryMs }: StateChange): void {
    if (!this.#run) {
      return;
    }
    if (state === "connecting" || state === "connected") {
      this.#set({ ...IDLE, state });
    } else if (state === "reconnecting") {
      const retryAt = performance.now() + retryMs;
      this.#set({ state, problem: error?.reason ?? "connection-lost", detail: error?.message ?? "", attempt, retryAt });
    } else if (state === "failed" && previous !== "connecting") {
      this.#fail(error); // A failure while connecting is what `connect()` rejects with.
    } else if (state === "closed") {
      this.stop(); // The page is being left, or someone used `window.holistic`.
    }
  }

  #fail(error: unknown): void {
    this.#end();
    this.#set({ ...IDLE, state: "failed", ...describe(error) });
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

export function describe(error: unknown): { problem: Problem; detail: string } {
  if (error instanceof SourceError) {
    return { problem: error.problem, detail: error.message === error.problem ? "" : error.message };
  }
  if (error instanceof HolisticError) {
    return { problem: error.reason, detail: error.message };
  }
  return { problem: "unexpected", detail: error instanceof Error ? error.message : String(error) };
}
