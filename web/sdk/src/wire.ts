// Made from server/holistic_rtc/wire/control.py and model/stats.py by `make generate`; edit those.

import type { EventOf } from "./events.js";
import type { Configuration, Configured, Draining, ModelInfo, ServerEvents, ServerStats, TrackStats } from "./messages.js";
import type { Part } from "./parts.js";
import { type Fields, list, number, record, text } from "./reading.js";

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

/** What the server is to do. An absent field stays as it is; a subscriber has `parts` and `max_persons`. */
export interface Configure {
  type: "configure";
  parts?: readonly Part[] | undefined;
  max_persons?: number | null | undefined;
  draw?: boolean | undefined;
  smoothing?: boolean | undefined;
  max_fps?: number | null | undefined;
}

export type FromClient = Ping | Pong | Configure;

/**
 * The fields of a configuration that are set, and no others.
 *
 * @throws RangeError when a number is out of range.
 */
export function copyConfiguration(from: Configuration): Configuration {
  if (typeof from.maxPersons === "number" && !(from.maxPersons >= 1 && from.maxPersons <= 255)) {
    throw new RangeError(`maxPersons is a number from 1 to 255, or null; not ${from.maxPersons}`);
  }
  if (typeof from.maxFps === "number" && !(from.maxFps >= 1 && from.maxFps <= 60)) {
    throw new RangeError(`maxFps is a number from 1 to 60, or null; not ${from.maxFps}`);
  }
  return {
    ...(from.parts !== undefined && { parts: from.parts }),
    ...(from.maxPersons !== undefined && { maxPersons: from.maxPersons }),
    ...(from.draw !== undefined && { draw: from.draw }),
    ...(from.smoothing !== undefined && { smoothing: from.smoothing }),
    ...(from.maxFps !== undefined && { maxFps: from.maxFps }),
  };
}

/** As a message; JSON leaves out what is undefined. */
export function writeConfiguration(from: Configuration): Configure {
  return {
    type: "configure",
    parts: from.parts,
    max_persons: from.maxPersons,
    draw: from.draw,
    smoothing: from.smoothing,
    max_fps: from.maxFps,
  };
}

export function readConfigured(fields: Fields): Configured {
  return {
    parts: list(fields.parts) as readonly Part[],
    ...(typeof fields.max_persons === "number" && { maxPersons: fields.max_persons }),
    ...(typeof fields.draw === "boolean" && { draw: fields.draw }),
    ...(typeof fields.smoothing === "boolean" && { smoothing: fields.smoothing }),
    ...((typeof fields.max_fps === "number" || fields.max_fps === null) && { maxFps: fields.max_fps }),
  };
}

export function readModelInfo(fields: Fields): ModelInfo {
  return {
    origin: typeof fields.origin === "string" ? fields.origin : null,
    poseModel: typeof fields.pose_model === "string" ? fields.pose_model : null,
  };
}

export function readTrackStats(fields: Fields): TrackStats {
  return {
    width: number(fields.width),
    height: number(fields.height),
    fpsIn: number(fields.fps_in),
    fpsOut: number(fields.fps_out),
    tracked: number(fields.tracked),
    dropped: number(fields.dropped),
    trackerMs: number(fields.tracker_ms),
    drawMs: number(fields.draw_ms),
    delayMs: number(fields.delay_ms),
    ...(typeof fields.quality === "string" && { quality: fields.quality }),
    track: number(fields.track),
    landmarksSent: number(fields.landmarks_sent),
    landmarksDropped: number(fields.landmarks_dropped),
  };
}

export function readServerStats(fields: Fields): ServerStats {
  return {
    session: text(fields.session),
    model: readModelInfo(record(fields.model)),
    tracks: list(fields.tracks).map((item) => readTrackStats(record(item))),
  };
}

export function readDraining(fields: Fields): Draining {
  return {
    seconds: number(fields.seconds),
  };
}

/** @returns null for a message that isn't for the program, or that only newer clients know. */
export function readEvent(fields: Fields): EventOf<ServerEvents> | null {
  switch (fields.type) {
    case "configured":
      return ["configured", readConfigured(fields)];
    case "stats":
      return ["stats", readServerStats(fields)];
    case "draining":
      return ["draining", readDraining(fields)];
    default:
      return null;
  }
}
