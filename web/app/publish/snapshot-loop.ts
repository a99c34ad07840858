/** Snapshots of a video, one after the other: what there is instead of live video where that can't get through. */

import { abortable, backoffMs, HolisticError, sleep, type Snapshot } from "holistic-rtc";
import { Stills } from "../camera/stills.js";

/** Of the pictures that are sent: the landmarks get no better with more, but each takes longer. */
const MAX_SIDE = 960;

export type TakeSnapshot = (picture: Blob, signal: AbortSignal) => Promise<Snapshot>;

export interface TimedSnapshot extends Snapshot {
  /** From the grabbed picture to the answer. */
  roundTripMs: number;
}

export interface SnapshotEvents {
  snapshot: (snapshot: TimedSnapshot) => void;
  /** The next picture is sent in `ms`, since this one failed. */
  wait: (wait: { error: HolisticError; ms: number }) => void;
}

/** Post pictures of the stream as {@link postOneByOne} does. */
export async function postStills(
  stream: MediaStream,
  take: TakeSnapshot,
  events: SnapshotEvents,
  signal: AbortSignal,
): Promise<never> {
  const stills = new Stills(stream);
  try {
    return await postOneByOne(() => stills.grab(MAX_SIDE), take, events, signal);
  } finally {
    stills.close();
  }
}

/**
 * Post the newest picture as soon as the answer to the one before has come, until the signal is aborted. What may go well
 * later is tried again, when the server wants that or else ever more rarely.
 *
 * The frames are numbered, and timed from the first, as those of a live session are.
 *
 * @throws HolisticError that another attempt wouldn't help against, or the signal's reason.
 */
export async function postOneByOne(
  grab: () => Promise<Blob>,
  take: TakeSnapshot,
  events: SnapshotEvents,
  signal: AbortSignal,
): Promise<never> {
  let seq = 0;
  let firstAt: number | null = null;
  let failures = 0;
  for (;;) {
    const picture = await abortable(grab(), signal);
    const grabbedAt = performance.now();
    firstAt ??= grabbedAt;
    try {
      const snapshot = await abortable(take(picture, signal), signal);
      const header = { seq, timestampMs: Math.round(grabbedAt - firstAt) };
      const frames = snapshot.frames.map((frame) => ({ ...frame, ...header }));
      events.snapshot({ ...snapshot, frame: frames[0]!, frames, roundTripMs: performance.now() - grabbedAt });
      seq += 1;
      failures = 0;
    } catch (error) {
      if (signal.aborted || !(error instanceof HolisticError) || !error.retryable) {
        throw error;
      }
      failures += 1;
      const ms = error.retryAfter === null ? backoffMs(failures) : error.retryAfter * 1000;
      events.wait({ error, ms });
      await sleep(ms, signal);
    }
  }
}

/** Pictures a second over the last so many milliseconds. */
const RATE_MS = 3000;

/** How fast the answers come. */
export class Rate {
  #times: number[] = [];

  /**
   * Count one.
   *
   * @param now - in milliseconds.
   * @returns how many came in a second lately; null while there was only one.
   */
  count(now: number): number | null {
    this.#times = [...this.#times.filter((time) => now - time < RATE_MS), now];
    const span = now - this.#times[0]!;
    return span > 0 ? ((this.#times.length - 1) * 1000) / span : null;
  }
}
