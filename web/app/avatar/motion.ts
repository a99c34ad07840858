/** How an avatar stands at each moment, from the rigs that came and from what the page's switches say. */

import type { Rig } from "holistic-rtc";
import { RigInterpolator } from "./interpolation.js";
import { AT_EASE, blended, calibrated, mirrored, type Neutral, toNeutral, upperBody } from "./rig-pose.js";

/** In which the way to a new pose shrinks to a third: at the strongest smoothing, and when it comes to rest. */
const SMOOTHEST_SECONDS = 0.3;
const REST_SECONDS = 0.2;
/** After so many of these times a pose is as good as reached. */
const SETTLED = 8;

export interface MotionSettings {
  mirror: boolean;
  upperBody: boolean;
  /** 0 for none, to 1. */
  smoothing: number;
  neutral: Neutral | null;
}

export class Motion {
  /** To be changed by putting other ones in their place. */
  settings: Readonly<MotionSettings> = { mirror: false, upperBody: false, smoothing: 0, neutral: null };
  readonly #rigs = new RigInterpolator();
  #pose = AT_EASE;
  #now = 0;
  /** Where the pose goes to, of which rig and settings, and since when. */
  #target = { pose: AT_EASE, rig: null as Rig | null, settings: this.settings, since: 0 };

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
   * @returns the same object as before when nothing moves.
   */
  at(now: number): Rig {
    const rig = this.#rigs.at(now);
    if (rig !== this.#target.rig || this.settings !== this.#target.settings) {
      this.#target = { pose: rig ? this.#prepare(rig) : AT_EASE, rig, settings: this.settings, since: now };
    }
    const { pose, since } = this.#target;
    const lag = 1000 * (rig ? this.settings.smoothing * SMOOTHEST_SECONDS : REST_SECONDS);
    const isThere = this.#pose === pose || now - since >= SETTLED * lag;
    this.#pose = isThere ? pose : blended(this.#pose, pose, 1 - Math.exp((this.#now - now) / lag));
    this.#now = now;
    return this.#pose;
  }

  #prepare(rig: Rig): Rig {
    const { mirror, upperBody: upper, neutral } = this.settings;
    const straight = neutral ? calibrated(rig, neutral) : rig;
    const seated = upper ? upperBody(straight) : straight;
    return mirror ? mirrored(seated) : seated;
  }
}
