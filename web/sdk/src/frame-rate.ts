/** How many frames to send, when the server can't track them all. */

import type { ServerStats } from "./messages.js";

/** The rate that cameras have, and one under which the video is no fun any more. */
const FULL_FPS = 30;
const LEAST_FPS = 8;
/** With less than the first of what is sent being tracked, fewer are sent; with more than the second, more. */
const TRACKED_SHARE = [0.5, 0.75] as const;
/** Share of the time that the tracker is at work if it is what frames are dropped for. Otherwise they come in bursts. */
const BUSY_SHARE = 0.4;
/** Seconds that this has to last. */
const LOWER_AFTER = 3;
const RAISE_AFTER = 8;
/** If the rate has to be lowered so soon after it was raised, the next attempt waits twice as long, up to the most. */
const TOO_SOON = 20;
const LONGEST_WAIT = 128;

type TrackFigures = Pick<ServerStats["tracks"][number], "fpsIn" | "fpsOut" | "dropped" | "trackerMs">;

/**
 * The limit of one video. To encode, send and decode frames that the server drops takes CPU time from the tracking; but
 * some have to be spare, so that there is a new one whenever the tracker is free.
 */
export class FrameRateLimit {
  #current: number | null = null;
  #slow = 0;
  #fast = 0;
  #wait = RAISE_AFTER;
  #sinceRaised = TOO_SOON;
  #dropped = 0;

  /** Frames a second; null for all that the camera gives. */
  get current(): number | null {
    return this.#current;
  }

  /**
   * Called once a second.
   *
   * @returns whether the limit is another one now.
   */
  update({ fpsIn, fpsOut, dropped, trackerMs }: TrackFigures): boolean {
    const [few, most] = TRACKED_SHARE;
    const before = this.#current;
    const inBursts = dropped > this.#dropped && fpsOut > 0 && fpsOut * trackerMs < 1000 * BUSY_SHARE;
    this.#dropped = dropped;
    this.#sinceRaised += 1;
    this.#slow = fpsIn > 0 && fpsOut < few * fpsIn && !inBursts ? this.#slow + 1 : 0;
    this.#fast = before !== null && (fpsOut > most * fpsIn || inBursts) ? this.#fast + 1 : 0;
    if (this.#slow >= LOWER_AFTER) {
      this.#slow = 0;
      this.#current = Math.min(before ?? FULL_FPS, Math.max(LEAST_FPS, Math.ceil(1.6 * fpsOut)));
      if (this.#sinceRaised < TOO_SOON) {
        this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
      }
    } else if (before !== null && this.#fast >= this.#wait) {
      this.#fast = 0;
      this.#sinceRaised = 0;
      const raised = Math.ceil(1.25 * before);
      this.#current = raised < FULL_FPS ? raised : null;
    }
    return this.#current !== before;
  }
}

type Stats = TrackFigures & Pick<ServerStats["tracks"][number], "track" | "tracked">;

/** The limits of all videos that are sent. */
export class FrameRates {
  readonly #limits = new Map<number, FrameRateLimit>();

  /**
   * @param stats - of the last second.
   * @param tracks - what is sent, by the server's number.
   */
  async follow(stats: readonly Stats[], tracks: readonly (MediaStreamTrack | null)[]): Promise<void> {
    for (const { track: index, tracked, ...figures } of stats) {
      const limit = this.#limits.get(index) ?? new FrameRateLimit();
      this.#limits.set(index, limit);
      const track = tracks[index];
      // Its first second says little of a tracker.
      if (track && tracked > 30 && limit.update(figures)) {
        await limitFps(track, limit.current);
      }
    }
  }

  /** To be called for a track that takes the place of another one. */
  async limit(track: MediaStreamTrack, index: number): Promise<void> {
    await limitFps(track, this.#limits.get(index)?.current ?? null);
  }

  async release(tracks: readonly (MediaStreamTrack | null)[]): Promise<void> {
    await Promise.all(tracks.filter((track) => track !== null).map((track) => limitFps(track, null)));
  }
}

/** What the page asked for, of tracks that are limited. */
const asked = new WeakMap<MediaStreamTrack, ConstrainDouble | undefined>();

/**
 * Let the track give at most so many frames a second; null for as many as the page asked for.
 *
 * A limit of the sender would make Firefox start the video that it receives anew.
 */
export async function limitFps(track: MediaStreamTrack, maxFps: number | null): Promise<void> {
  const { frameRate, ...others } = track.getConstraints();
  if (!asked.has(track)) {
    if (maxFps === null) {
      return;
    }
    asked.set(track, frameRate);
  }
  const before = asked.get(track);
  if (maxFps === null) {
    asked.delete(track);
  }
  const limit = maxFps === null ? before : { max: maxFps };
  try {
    await track.applyConstraints({ ...others, ...(limit !== undefined && { frameRate: limit }) });
  } catch (error) {
    // Some tracks have one rate only, such as those of a canvas in Firefox.
    if ((error as Error).name !== "OverconstrainedError") {
      throw error;
    }
  }
}
