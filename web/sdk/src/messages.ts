// Made from server/holistic_rtc/wire/control.py by `make generate`; edit that.

/** Either side sends one a second. */
export interface Ping {
  type: "ping";
  id: number;
}

/** The answer to a ping. */
export interface Pong {
  type: "pong";
  id: number;
}

/** What the server is to do. A field that is left out stays as it is; a subscriber has `parts` only. */
export interface Configure {
  type: "configure";
  parts?: readonly string[] | undefined;
  draw?: boolean | undefined;
  smoothing?: boolean | undefined;
  max_fps?: number | null | undefined;
}

/** What is in force. A subscriber is told `parts` only. */
export interface Configured {
  type: "configured";
  parts: readonly string[];
  draw?: boolean | undefined;
  smoothing?: boolean | undefined;
  max_fps?: number | null | undefined;
}

/** The session's figures, once a second. */
export interface StatsMessage {
  type: "stats";
  session: string;
  model: Record<string, string | null>;
  tracks: readonly {
    delay_ms: number;
    draw_ms: number;
    dropped: number;
    fps_in: number;
    fps_out: number;
    height: number;
    landmarks_dropped: number;
    landmarks_sent: number;
    track: number;
    tracked: number;
    tracker_ms: number;
    width: number;
  }[];
}

/** A control message was refused, or tracking failed. */
export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
}

/** The server is about to stop. */
export interface Draining {
  type: "draining";
  seconds: number;
}

/** Why the server closes the connection: a word for programs and a sentence for people. */
export interface End {
  type: "end";
  reason: string;
  message: string;
}

export type FromClient = Ping | Pong | Configure;

export type FromServer = Ping | Pong | Configured | StatsMessage | ErrorMessage | Draining | End;
