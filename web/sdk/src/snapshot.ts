/** One picture in, its landmarks and the annotated picture out, over plain HTTP: for where WebRTC can't connect. */

import { HolisticError } from "./errors.js";
import type { HolisticFrame } from "./frame.js";
import { decodeSnapshot } from "./json.js";
import type { ModelInfo } from "./messages.js";
import type { Part } from "./parts.js";
import { number, record } from "./reading.js";
import { Server, type ServerOptions } from "./signalling.js";
import { readModelInfo } from "./wire.js";

export interface SnapshotOptions extends ServerOptions {
  /** Which parts the landmarks have; all but `rig` if left out. */
  parts?: readonly Part[];
  /** How many people to find at most; `null` for as many as the server tracks; 1 if left out. */
  maxPersons?: number | null;
  /** Whether the returned picture is annotated; `true` if left out. */
  draw?: boolean;
  /** Whether the returned picture is flipped left to right; landmarks never are. `false` if left out. */
  mirror?: boolean;
  /** The longer side of the returned picture at most, from 16 to 8192 pixels; as it came if left out. */
  maxSize?: number;
  /** Gives up, with the signal's reason. */
  signal?: AbortSignal;
}

export interface Snapshot {
  /** The first person. A part that was not seen is an empty list. */
  frame: HolisticFrame;
  /** All people, the first one included. */
  frames: HolisticFrame[];
  /** The annotated picture, a JPEG. */
  picture: Blob;
  /** The landmarks as the server sent them. */
  json: string;
  /** The model bundle in use. */
  model: ModelInfo;
  /** Time that the server spent on it. */
  milliseconds: number;
}

/**
 * Track one picture.
 *
 * @param picture - JPEG, PNG, WebP or BMP.
 * @throws HolisticError: `server-full` when too many pictures are pending, with `retryAfter`; `refused` when the picture
 *   is too large or can't be read. `status` is the HTTP status, which docs/snapshot.md explains.
 */
export async function takeSnapshot(picture: Blob, options: SnapshotOptions = {}): Promise<Snapshot> {
  const { parts, maxPersons, draw, mirror, maxSize, signal = new AbortController().signal } = options;
  const query = {
    ...(parts && { parts: parts.join(",") }),
    ...(maxPersons !== undefined && { max_persons: String(maxPersons ?? "all") }),
    ...(draw !== undefined && { annotate: String(draw) }),
    ...(mirror !== undefined && { mirror: String(mirror) }),
    ...(maxSize !== undefined && { max_size: String(maxSize) }),
  };
  try {
    return read(await new Server(options).postPicture(picture, query, signal));
  } catch (error) {
    signal.throwIfAborted(); // By the caller, who knows the reason.
    throw error;
  }
}

/**
 * @throws HolisticError
 */
function read(form: FormData): Snapshot {
  const json = form.get("landmarks");
  const picture = form.get("picture");
  if (typeof json !== "string" || !(picture instanceof Blob)) {
    throw new HolisticError(
      "server-unreachable",
      "the response lacks the landmarks or the picture; is it from a holistic-rtc server?",
    );
  }
  try {
    const frames = decodeSnapshot(json);
    const { model, milliseconds } = record(JSON.parse(json));
    return {
      frame: frames[0]!,
      frames,
      picture,
      json,
      model: readModelInfo(record(model)),
      milliseconds: number(milliseconds),
    };
  } catch (cause) {
    throw new HolisticError("server-unreachable", "the landmarks in the response can't be read", { cause });
  }
}
