/** The data channel `control`: pings, settings and figures as JSON. */

import { HolisticError } from "./errors.js";
import type { EventOf } from "./events.js";
import type { ServerEvents } from "./messages.js";
import { type Fields, number, record, text } from "./reading.js";
import { type FromClient, readEvent } from "./wire.js";

export interface ControlEvents {
  /** An event for the program. */
  event: (event: EventOf<ServerEvents>) => void;
  /** The server complains; the session goes on. */
  error: (error: HolisticError) => void;
  /** The server closes the session. */
  end: (error: HolisticError) => void;
}

/** The client's end of an `RTCDataChannel` labelled `control`. */
export class ControlChannel {
  static readonly LABEL = "control";
  static readonly PROTOCOL = "holistic.control.v1";

  /** Of the newest ping that was answered. */
  roundTripMs: number | null = null;
  readonly #channel: RTCDataChannel;
  readonly #events: ControlEvents;
  #ping = { id: 0, sent: 0 };

  constructor(channel: RTCDataChannel, events: ControlEvents) {
    this.#channel = channel;
    this.#events = events;
    channel.addEventListener("message", ({ data }) => this.#take(data));
  }

  get isOpen(): boolean {
    return this.#channel.readyState === "open";
  }

  ping(): void {
    this.#ping = { id: this.#ping.id + 1, sent: performance.now() };
    this.tell({ type: "ping", id: this.#ping.id });
  }

  /** Send a message, if the channel is open. */
  tell(message: FromClient): void {
    if (this.isOpen) {
      this.#channel.send(JSON.stringify(message));
    }
  }

  #take(data: unknown): void {
    const message = parse(data);
    switch (message.type) {
      case "ping":
        this.tell({ type: "pong", id: number(message.id) });
        break;
      case "pong":
        if (message.id === this.#ping.id) {
          this.roundTripMs = performance.now() - this.#ping.sent;
        }
        break;
      case "error":
        this.#events.error(new HolisticError("refused", text(message.message), { code: text(message.code) }));
        break;
      case "end":
        this.#events.end(new HolisticError("session-ended", text(message.message), { code: text(message.reason) }));
        break;
      default: {
        const event = readEvent(message);
        if (event) {
          this.#events.event(event);
        }
      }
    }
  }
}

function parse(data: unknown): Fields {
  try {
    return record(JSON.parse(String(data)));
  } catch {
    return {}; // It counts as a sign of life, and says nothing.
  }
}
