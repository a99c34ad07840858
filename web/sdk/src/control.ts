/** The data channel `control`: pings, settings and figures as JSON. */

import { HolisticError } from "./errors.js";
import type { Configured as ConfiguredMessage, FromClient, FromServer, StatsMessage } from "./messages.js";
import type { Part } from "./parts.js";

/** What the server is to do; a field that is left out stays as it is. A subscriber has `parts` only. */
export interface Configuration {
  /** Which parts the landmark messages carry; all but `rig` at first. */
  parts?: readonly Part[];
  /** Whether the returned video is annotated; `true` at first. */
  draw?: boolean;
  /** Whether face and hands are smoothed over time; `true` at first. */
  smoothing?: boolean;
  /** At most so many tracked frames a second, 1 to 60; `null`, which is no cap, at first. */
  maxFps?: number | null;
}

/** What is in force. A subscriber is told of `parts` only. */
export type Configured = Configuration & Required<Pick<Configuration, "parts">>;

/** What the server tells of one video track. Rates and times are means over the last second. */
export interface TrackStats {
  track: number;
  /** Size in pixels of the newest frame. */
  width: number;
  height: number;
  /** Frames a second that arrived, and that were tracked. */
  fpsIn: number;
  fpsOut: number;
  /** Totals: tracked frames, and those passed over because a newer one had come. */
  tracked: number;
  dropped: number;
  /** Milliseconds to find the landmarks, and to draw them. */
  trackerMs: number;
  drawMs: number;
  /** Milliseconds from the decoded to the annotated frame. */
  delayMs: number;
  /** Totals of landmark messages. */
  landmarksSent: number;
  landmarksDropped: number;
}

/** What the server tells of the session once a second. */
export interface ServerStats {
  session: string;
  /** The model bundle in use. */
  model: { origin: string | null; poseModel: string | null };
  tracks: TrackStats[];
}

export interface ControlEvents {
  configured: (configuration: Configured) => void;
  stats: (stats: ServerStats) => void;
  /** The server complains; the session goes on. */
  error: (error: HolisticError) => void;
  /** The server closes the session. */
  end: (error: HolisticError) => void;
}

/** A message as it came, with the fields that it should have: what they hold is not known yet. */
type Received<M> = Readonly<Partial<Record<M extends unknown ? keyof M : never, unknown>>>;

type Message = Received<FromServer>;

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
    this.#send({ type: "ping", id: this.#ping.id });
  }

  configure({ parts, draw, smoothing, maxFps }: Configuration): void {
    this.#send({ type: "configure", parts, draw, smoothing, max_fps: maxFps }); // JSON leaves out what is undefined
  }

  #send(message: FromClient): void {
    if (this.isOpen) {
      this.#channel.send(JSON.stringify(message));
    }
  }

  #take(data: unknown): void {
    const message = parse(data);
    switch (message.type as FromServer["type"] | undefined) {
      case "ping":
        this.#send({ type: "pong", id: count(message.id) });
        break;
      case "pong":
        if (message.id === this.#ping.id) {
          this.roundTripMs = performance.now() - this.#ping.sent;
        }
        break;
      case "configured":
        this.#events.configured(readConfigured(message));
        break;
      case "stats":
        this.#events.stats(readStats(message));
        break;
      case "error":
        this.#events.error(new HolisticError("refused", text(message.message), { code: text(message.code) }));
        break;
      case "end":
        this.#events.end(new HolisticError("session-ended", text(message.message), { code: text(message.reason) }));
        break;
      // Others are for newer clients.
    }
  }
}

function parse(data: unknown): Message {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === "object" && message !== null ? message : {};
  } catch {
    return {}; // It counts as a sign of life, and says nothing.
  }
}

export function readConfigured({ parts, draw, smoothing, max_fps: maxFps }: Received<ConfiguredMessage>): Configured {
  return {
    parts: Array.isArray(parts) ? (parts as Part[]) : [],
    ...(typeof draw === "boolean" && { draw }),
    ...(typeof smoothing === "boolean" && { smoothing }),
    ...((typeof maxFps === "number" || maxFps === null) && { maxFps }),
  };
}

export function readStats(message: Received<StatsMessage>): ServerStats {
  const model = record(message.model);
  const tracks: unknown[] = Array.isArray(message.tracks) ? message.tracks : [];
  return {
    session: text(message.session),
    model: {
      origin: typeof model.origin === "string" ? model.origin : null,
      poseModel: typeof model.pose_model === "string" ? model.pose_model : null,
    },
    tracks: tracks.map((item) => {
      const track: Received<StatsMessage["tracks"][number]> = record(item);
      return {
        track: count(track.track),
        width: count(track.width),
        height: count(track.height),
        fpsIn: count(track.fps_in),
        fpsOut: count(track.fps_out),
        tracked: count(track.tracked),
        dropped: count(track.dropped),
        trackerMs: count(track.tracker_ms),
        drawMs: count(track.draw_ms),
        delayMs: count(track.delay_ms),
        landmarksSent: count(track.landmarks_sent),
        landmarksDropped: count(track.landmarks_dropped),
      };
    }),
  };
}

const record = (value: unknown) =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const count = (value: unknown) => (typeof value === "number" ? value : 0);
const text = (value: unknown) => (typeof value === "string" ? value : "");
