import { Emitter, type ErrorReason, type HolisticClient, HolisticError, type SessionInfo, sleep } from "holistic-rtc";
import { connectionStatus, describe, failedStatus, IDLE, placeWait, type Status } from "../connection/status.js";

const POLL_MS = 2000;
/** A session whose newest frame is no older is well. */
const FRESH_MS = 1000;
/** With these a session is over, and another one may come. */
const OVER: readonly ErrorReason[] = ["session-unknown", "session-ended", "aborted"];

/** As much of a client as following needs. */
export type Client = Pick<HolisticClient, "on" | "subscribe">;

/**
 * Follows the server's only session, and when that ends, the next one: a link that names no session outlives them all.
 *
 * As long as there are several it makes no choice. One that ran beside the one that was followed is somebody else's, and
 * isn't followed after it; one that came when no frames came any more is that of a publisher who connects again.
 */
export class OnlySessionFollower extends Emitter<{ status: Status }> {
  readonly #client: Client;
  readonly #list: () => Promise<Pick<SessionInfo, "id">[]>;
  #followed: string | null = null;
  /** Those that aren't followed: somebody else's, and what is over and still listed for a moment. */
  #passedOver: readonly string[] = [];
  #frameAt = 0;

  /**
   * @param list - of the sessions that run.
   */
  constructor(client: Client, list: () => Promise<Pick<SessionInfo, "id">[]>) {
    super();
    this.#client = client;
    this.#list = list;
    client.on("landmarks", () => (this.#frameAt = performance.now()));
    client.on("state", (change) => {
      const status = connectionStatus(change);
      if (status) {
        this.emit("status", status);
        return;
      }
      if (this.#followed !== null && change.error && OVER.includes(change.error.reason)) {
        this.#passedOver = [...this.#passedOver, this.#followed];
      }
      this.#followed = null;
      if (change.previous !== "connecting") {
        this.#wait("no-session"); // A failure while connecting is what `subscribe()` rejects with.
      }
    });
  }

  /** For as long as the page is open, or until the server refuses for good. */
  async start(): Promise<void> {
    for (;;) {
      let ms = POLL_MS;
      try {
        await this.#look((await this.#list()).map(({ id }) => id));
      } catch (error) {
        if (this.#followed === null && !(error instanceof HolisticError && OVER.includes(error.reason))) {
          if (!(error instanceof HolisticError && error.retryable)) {
            this.emit("status", failedStatus(error));
            return;
          }
          const wait = placeWait(error);
          this.emit("status", wait?.status ?? { ...IDLE, state: "reconnecting", ...describe(error) });
          ms = wait?.ms ?? POLL_MS;
        }
      }
      await sleep(ms);
    }
  }

  async #look(sessions: readonly string[]): Promise<void> {
    if (this.#followed !== null) {
      if (sessions.includes(this.#followed) && performance.now() - this.#frameAt < FRESH_MS) {
        this.#passedOver = sessions.filter((id) => id !== this.#followed);
      }
      return;
    }
    const [only, ...more] = sessions.filter((id) => !this.#passedOver.includes(id));
    if (only === undefined || more.length > 0) {
      this.#wait(only === undefined ? "no-session" : "several-sessions");
      return;
    }
    this.#followed = only;
    await this.#client.subscribe(only);
  }

  #wait(problem: "no-session" | "several-sessions"): void {
    this.emit("status", { ...IDLE, state: "waiting", problem });
  }
}
