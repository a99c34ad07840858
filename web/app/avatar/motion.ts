/** How an avatar stands at each moment, from the rigs that came and from what the page's switches say. */

import type { Rig } from "../../sdk/src/index.js";
import { RigInterpolator } from "./interpolation.js";
import { AT_EASE, blended, calibrated, mirrored, type Neutral, toNeutral, upperBody } from "./rig-pose.js";

/** In which the way to a new pose shrinks to a third: at the strongest smoothing, and when it comes to rest. */
const SMOOTHEST_SECONDS = 0.3;
const REST_SECONDS = 0.2;

export interface MotionSettings {
  mirror: boolean;
  upperBody: boolean;
  /** 0 for none, to 1. */
  smoothing: number;
  neutral: Neutral | null;
}

export class Motion {
  readonly settings: MotionSettings = { mirror: false, upperBody: false, smoothing: 0, neutral: null };
  readonly #rigs = new RigInterpolator();
  #pose = AT_EASE;
  #now = 0;

  /**
   * @param rig - null when nobody is seen.
   * @param timestampMs - when its picture was taken, on the clock of the video.
   * @param now - on the clock of `at()`.
   */
  take(rig: Rig | null, timestampMs: number, now: number): void {
    if (rig) {
      this.#rigs.push(rig, timestampMs, now);
    } else {
      this.rest();
    }
  }

  /** Nobody moves it any more. */
  rest(): void {
    this.#rigs.clear();
  }

  /** The newest rig's pose as a neutral one; null when there is nobody. */
  get neutral(): Neutral | null {
    return this.#rigs.newest && toNeutral(this.#rigs.newest);
  }

  /**
   * @param now - in milliseconds, not before that of the last call.
   */
  at(now: number): Rig {
    const rig = this.#rigs.at(now);
    const lag = rig ? this.settings.smoothing * SMOOTHEST_SECONDS : REST_SECONDS;
    const seconds = (now - this.#now) / 1000;
    this.#now = now;
    this.#pose = blended(this.#pose, rig ? this.#prepare(rig) : AT_EASE, lag > 0 ? 1 - Math.exp(-seconds / lag) : 1);
    return this.#pose;
  }

  #prepare(rig: Rig): Rig {
    const { mirror, upperBody: upper, neutral } = this.settings;
    const straight = neutral ? calibrated(rig, neutral) : rig;
    const seated = upper ? upperBody(straight) : straight;
    return mirror ? mirrored(seated) : seated;
  }
}
