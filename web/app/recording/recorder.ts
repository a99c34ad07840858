/** Records one take at a time, and keeps it until it is discarded. */

import { Emitter, type HolisticFrame } from "holistic-rtc";
import type { TakeFile, Writer } from "./take.js";
import { VideoRecording } from "./video.js";

/** So large is a take at most, all its files together. */
export const LIMIT_BYTES = 1_000_000_000;

/** Why a take is over: `interrupted` is the end of the connection. */
export type TakeEnd = "stopped" | "interrupted" | "full";

export type Take =
  | { state: "none" }
  /** `videoBytes` is null where no video is recorded. `since` is on `performance.now()`'s clock. */
  | { state: "recording"; since: number; videoBytes: number | null; dataBytes: number }
  | { state: "kept"; end: TakeEnd; seconds: number; startedAt: Date; files: readonly TakeFile[] };

interface Running {
  video: VideoRecording | null;
  writers: Writer[];
  since: number;
  startedAt: Date;
  end: TakeEnd | null;
}

export class Recorder extends Emitter<{ change: Take }> {
  readonly #makeWriters: () => Writer[];
  /** In bytes. */
  readonly limit: number;
  #running: Running | null = null;
  #kept: (Take & { state: "kept" }) | null = null;

  /**
   * @param limit - in bytes, after which a take ends by itself.
   */
  constructor(makeWriters: () => Writer[], limit = LIMIT_BYTES) {
    super();
    this.#makeWriters = makeWriters;
    this.limit = limit;
  }

  get take(): Take {
    if (this.#running) {
      const { since, video, writers } = this.#running;
      return { state: "recording", since, videoBytes: video?.bytes ?? null, dataBytes: totalBytes(writers) };
    }
    return this.#kept ?? { state: "none" };
  }

  /**
   * Begin a take, unless there is one.
   *
   * @param stream - its video and audio; null for none.
   */
  start(stream: MediaStream | null): void {
    if (this.#running || this.#kept) {
      return;
    }
    const running: Running = {
      video: stream && startVideo(stream, () => this.#check(running)),
      writers: this.#makeWriters(),
      since: performance.now(),
      startedAt: new Date(),
      end: null,
    };
    this.#running = running;
    void running.video?.ended.then(() => this.stop("interrupted"));
    this.emit("change", this.take);
  }

  add(frame: HolisticFrame): void {
    const running = this.#running;
    if (running?.end === null) {
      running.writers.forEach((writer) => writer.add(frame));
      this.#check(running);
    }
  }

  /** End the take, if there is one; its files are there once the browser has handed over the rest of the video. */
  stop(end: TakeEnd): void {
    const running = this.#running;
    if (running?.end === null) {
      running.end = end;
      const seconds = (performance.now() - running.since) / 1000;
      running.video?.stop();
      void this.#keep(running, end, seconds);
    }
  }

  discard(): void {
    if (this.#kept) {
      this.#kept = null;
      this.emit("change", this.take);
    }
  }

  async #keep({ video, writers, startedAt }: Running, end: TakeEnd, seconds: number): Promise<void> {
    const file = video && (await video.ended);
    this.#kept = {
      state: "kept",
      end,
      seconds,
      startedAt,
      files: [...(file ? [file] : []), ...writers.flatMap((writer) => writer.finish())],
    };
    this.#running = null;
    this.emit("change", this.take);
  }

  #check({ video, writers }: Running): void {
    if ((video?.bytes ?? 0) + totalBytes(writers) >= this.limit) {
      this.stop("full");
    }
  }
}

function totalBytes(writers: readonly Writer[]): number {
  return writers.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @returns null when the browser can't record it: the data is recorded all the same. */
function startVideo(stream: MediaStream, onChunk: () => void): VideoRecording | null {
  try {
    return new VideoRecording(stream, onChunk);
  } catch {
    return null;
  }
}
