import type { HolisticError } from "./errors.js";
import { type HolisticFrame, originOf } from "./frame.js";

/** What a client has to offer for its frames to be iterated over. */
export interface FrameSource {
  readonly state: string;
  readonly error: HolisticError | null;
  on(event: "landmarks", listener: (frame: HolisticFrame) => void): () => void;
  on(event: "state", listener: () => void): () => void;
}

/**
 * The frames of a client as they arrive. A slow loop continues with the newest frame of each track and person: nothing
 * queues up.
 *
 * Ends when the client is closed.
 *
 * @throws HolisticError when the client fails, or the signal's reason once that is aborted.
 */
export async function* newestFrames(
  client: FrameSource,
  signal?: AbortSignal,
): AsyncGenerator<HolisticFrame, void, void> {
  const newest = new Map<number, HolisticFrame>();
  let wake: () => void = () => undefined;
  const stops = [
    client.on("landmarks", (frame) => {
      newest.set(originOf(frame), frame);
      wake();
    }),
    client.on("state", () => wake()),
  ];
  const abort = () => wake();
  signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const [first] = newest.values();
      if (first) {
        newest.delete(originOf(first));
        yield first;
      } else if (client.state === "closed") {
        return;
      } else if (client.state === "failed") {
        throw client.error!;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    stops.forEach((stop) => stop());
  }
}
