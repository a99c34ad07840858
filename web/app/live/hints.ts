/** What keeps the landmarks from being good, from what is known anyway. Pure: no browser needed. */

import type { HolisticFrame, Landmark } from "holistic-rtc";
import type { Figures } from "../inspector/figures.js";

export type Hint = "dark" | "nobody" | "slowDevice" | "slowNetwork" | "slowServer" | "far" | "wrists";

/** What is known of the last second. */
export interface Seen {
  /** The newest frame of anybody; null if none came. */
  frame: HolisticFrame | null;
  /** Of the picture, on the mean: 0 to 1. */
  brightness: number | null;
  figures: Figures | null;
  /** Frames that the server has skipped in this second. */
  dropped: number;
  /** Whether fewer frames are sent because the server can't track more. */
  limited: boolean;
}

const DARK = 0.1;
/** Frames a second below which movements look jerky. */
const SLOW_FPS = 10;
/** Between the shoulders, of the picture's width: hands are then some 20 pixels wide in 640. */
const FAR = 0.08;
/** In seconds: how long something has to be so before it is said, or isn't said any more. */
const PATIENCE = 3;
const [LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST] = [11, 13, 15];
const [RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST] = [12, 14, 16];

/** @returns the first thing to mend; null if all is well. */
export function findHint({ frame, brightness, figures, dropped, limited }: Seen): Hint | null {
  if (brightness !== null && brightness < DARK) {
    return "dark";
  }
  const pose = frame?.poseLandmarks[0];
  if (frame && !pose && frame.faceLandmarks.length === 0) {
    return "nobody";
  }
  return slowness(figures, dropped, limited) ?? (pose ? placement(pose) : null);
}

function slowness(figures: Figures | null, dropped: number, limited: boolean): Hint | null {
  if (figures?.fpsReceived == null || figures.fpsReceived >= SLOW_FPS || figures.fpsSent === null) {
    return null;
  }
  if (figures.fpsSent < SLOW_FPS) {
    return figures.limitedBy === "bandwidth" ? "slowNetwork" : limited ? "slowServer" : "slowDevice";
  }
  return dropped >= (figures.fpsSent - figures.fpsReceived) / 2 ? "slowServer" : "slowNetwork";
}

function placement(pose: readonly Landmark[]): Hint | null {
  if (Math.abs(pose[LEFT_SHOULDER]!.x - pose[RIGHT_SHOULDER]!.x) < FAR && !isSideways(pose)) {
    return "far";
  }
  const areSeen = (...points: number[]) => points.some((point) => isInside(pose[point]!));
  return areSeen(LEFT_ELBOW, RIGHT_ELBOW) && !areSeen(LEFT_WRIST, RIGHT_WRIST) ? "wrists" : null;
}

/** Whether one shoulder is behind the other, so that how far they are apart says nothing. */
function isSideways(pose: readonly Landmark[]): boolean {
  return Math.abs(pose[LEFT_SHOULDER]!.z - pose[RIGHT_SHOULDER]!.z) > FAR;
}

function isInside({ x, y }: Landmark): boolean {
  return x >= 0 && x <= 1 && y >= 0 && y <= 1;
}

/** Says nothing of what passes by itself. */
export class SteadyHint {
  #shown: Hint | null = null;
  #found: Hint | null = null;
  #seconds = 0;

  /** To be called once a second. @returns what to say. */
  next(found: Hint | null): Hint | null {
    this.#seconds = found === this.#found ? this.#seconds + 1 : 1;
    this.#found = found;
    if (this.#seconds >= PATIENCE) {
      this.#shown = found;
    }
    return this.#shown;
  }
}
