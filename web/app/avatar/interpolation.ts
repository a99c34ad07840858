/** Frames come seldom and unevenly, the screen is drawn sixty times a second: what an avatar does between two frames. */

import type { Rig } from "holistic-rtc";
import { blended } from "./rig-pose.js";

/** Frames further apart don't belong to one movement, so that the newer one is shown at once. */
const GAP_MS = 500;

/**
 * Goes from what was shown to the newest rig in the time between the last two, and stays there until another comes. So a
 * rig is reached one frame later than it came at most, and nothing is guessed beyond it.
 */
export class RigInterpolator {
  #from: Rig | null = null;
  #newest: Rig | null = null;
  #timestampMs = 0;
  #arrivedMs = 0;
  #intervalMs = 0;

  get newest(): Rig | null {
    return this.#newest;
  }

  /**
   * @param timestampMs - when its picture was taken, on the clock of the video.
   * @param now - on the same clock as that of `at()`, in milliseconds.
   */
  push(rig: Rig, timestampMs: number, now: number): void {
    const intervalMs = timestampMs - this.#timestampMs;
    const follows = this.#newest !== null && intervalMs > 0 && intervalMs <= GAP_MS;
    this.#from = follows ? this.at(now) : rig;
    this.#newest = rig;
    this.#timestampMs = timestampMs;
    this.#arrivedMs = now;
    this.#intervalMs = follows ? intervalMs : 0;
  }

  /** What to show; null before the first rig. */
  at(now: number): Rig | null {
    if (!this.#from || !this.#newest) {
      return null;
    }
    const passedMs = Math.max(0, now - this.#arrivedMs);
    return passedMs < this.#intervalMs ? blended(this.#from, this.#newest, passedMs / this.#intervalMs) : this.#newest;
  }

  /** Forget what came. */
  clear(): void {
    this.#from = this.#newest = null;
  }
}
