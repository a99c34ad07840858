import { Emitter, type HolisticClient, HolisticError, sleep } from "holistic-rtc";
import { connectionStatus, failedStatus, IDLE, placeWait, type Status } from "./status.js";

/** As much of a client as watching needs. */
export type Client = Pick<HolisticClient, "on" | "subscribe">;

/** Watches one session, until that or the page ends. */
export class Viewing extends Emitter<{ status: Status }> {
  readonly #client: Client;
  readonly #sessionId: string;
  readonly #key: string | null;
  #status = IDLE;

  /**
   * @param key - the session's viewing key; null where none is needed.
   */
  constructor(client: Client, sessionId: string, key: string | null) {
    super();
    this.#client = client;
    this.#sessionId = sessionId;
    this.#key = key;
    client.on("state", (change) => {
      const status = connectionStatus(change);
      if (status) {
        this.#set(status);
      } else if (change.state === "failed" && change.previous !== "connecting") {
        this.#set(failedStatus(change.error)); // A failure while connecting is what `subscribe()` rejects with.
      } else if (change.state === "closed") {
        this.#set(failedStatus(new HolisticError("aborted", ""))); // The page came back after it had been left.
      }
    });
  }

  get status(): Status {
    return this.#status;
  }

  /** Begin, or begin again after a failure. While all places are taken, wait for one. */
  async start(): Promise<void> {
    for (;;) {
      try {
        await this.#client.subscribe(this.#sessionId, { key: this.#key, audio: true });
        return;
      } catch (error) {
        const wait = placeWait(error);
        this.#set(wait?.status ?? failedStatus(error));
        if (!wait) {
          return;
        }
        await sleep(wait.ms);
      }
    }
  }

  #set(status: Status): void {
    this.#status = status;
    this.emit("status", status);
  }
}
