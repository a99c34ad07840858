// Made from server/holistic_rtc/wire/control.py and model/stats.py by `make generate`; edit those.

import type { Part } from "./parts.js";

/** What the server is to do. An absent field stays as it is; a subscriber has `parts` and `maxPersons`. */
export interface Configuration {
  /**
   * Which parts the landmark messages carry, of those that the server tracks. Fewer take it less CPU. Default: all but
   * `rig`.
   */
  parts?: readonly Part[];
  /** How many of the people in a frame to receive; `null` for as many as the server tracks. Default: 1. */
  maxPersons?: number | null;
  /** Whether the returned video is annotated. Default: `true`. */
  draw?: boolean;
  /** Whether face and hands are smoothed over time. Default: `true`. */
  smoothing?: boolean;
  /** Maximum number of tracked frames a second, 1 to 60. Default: `null`, no limit. */
  maxFps?: number | null;
}

/** The configuration in force. A subscriber receives `parts` and `maxPersons` only. */
export interface Configured {
  /** Those in the landmark messages; without those that were asked for and the server doesn't track. */
  parts: readonly Part[];
  maxPersons?: number;
  draw?: boolean;
  smoothing?: boolean;
  maxFps?: number | null;
}

/** A model bundle. */
export interface ModelInfo {
  /** Where it comes from: `official`, `assembled` or `custom`. */
  origin: string | null;
  /** `lite`, `full` or `heavy`; null for a custom bundle. */
  poseModel: string | null;
}

/** Figures of one video track. Rates and times are means over the last second. */
export interface TrackStats {
  /** Width of the newest frame, in pixels. */
  width: number;
  /** Height of the newest frame, in pixels. */
  height: number;
  /** Frames received a second. */
  fpsIn: number;
  /** Frames tracked a second. */
  fpsOut: number;
  /** Total of tracked frames. */
  tracked: number;
  /** Total of frames skipped for a newer one. */
  dropped: number;
  /** Milliseconds to find the landmarks. */
  trackerMs: number;
  /** Milliseconds to draw them. */
  drawMs: number;
  /** Milliseconds from the decoded to the annotated frame. */
  delayMs: number;
  /** How exactly the frames are tracked: `fast`, `balanced` or `exact`. `fast` when the tracker can't keep up. */
  quality?: string;
  /** Index among the publisher's video tracks, from 0. */
  track: number;
  /** Total of landmark messages sent to this peer. */
  landmarksSent: number;
  /** Total of landmark messages to this peer that were dropped because its channel was full. */
  landmarksDropped: number;
}

/** Session statistics, once a second. */
export interface ServerStats {
  session: string;
  /** The model bundle in use. */
  model: ModelInfo;
  tracks: TrackStats[];
}

/** The server is about to stop, and accepts no new sessions. */
export interface Draining {
  /** How long it still serves the sessions that it has. */
  seconds: number;
}

/** The server's messages about a session, by type. */
export interface ServerEvents {
  /** The configuration in force. A subscriber receives `parts` and `maxPersons` only. */
  configured: Configured;
  /** Session statistics, once a second. */
  stats: ServerStats;
  /** The server is about to stop, and accepts no new sessions. */
  draining: Draining;
}
