/** Whole files, tracked by the server from beginning to end. */

import { HolisticError } from "./errors.js";
import { list, number, record, text } from "./reading.js";
import { Server, type ServerOptions } from "./signalling.js";
import { sleep } from "./timing.js";

/** Until events are asked for again that ended before the job did. */
const RETRY_MS = 500;
const STATES: readonly string[] = ["waiting", "tracking", "done", "failed"];

/** What can be made of a file: with the landmarks drawn on it, or the landmarks as JSON lines. */
export type JobResultKind = "annotated" | "landmarks";

export type JobState = "waiting" | "tracking" | "done" | "failed";

export interface JobOptions extends ServerOptions {
  /** What to make; both if left out. */
  results?: readonly JobResultKind[];
  /** Trade-off between speed and precision; the server's if left out. */
  quality?: "fast" | "balanced" | "exact";
  /** How many people to find at most; `null` for as many as the server tracks; 1 if left out. */
  maxPersons?: number | null;
  /** Gives up the upload, with the signal's reason. */
  signal?: AbortSignal;
}

/** A file that can be downloaded. Its address is secret, and needs no token. */
export interface JobResult {
  name: string;
  type: string;
  url: URL;
}

/** How far a job is. */
export interface JobStatus {
  state: JobState;
  /** How many jobs wait in front of this one, while it waits. */
  ahead: number;
  /** How many frames have been tracked. */
  frames: number;
  /** How many there are, for some formats an estimate; null if unknown. */
  total: number | null;
  /** Whether some of the video or its audio couldn't be decoded. */
  damaged: boolean;
  /** Filled when the state is `done`. */
  results: JobResult[];
  /** Why it failed. The code `bad_file` is about the file. */
  error: { code: string; detail: string } | null;
  /** Seconds until the server removes it, once it has ended. */
  expiresIn: number | null;
}

/**
 * Have a whole video or picture tracked by the server, whenever it has time.
 *
 * @returns once it is uploaded.
 * @throws HolisticError: `server-full` when too many jobs are pending, with `retryAfter`; `refused` when the file is too
 *   large. `code` is explained in docs/problems.md.
 */
export async function submitJob(file: Blob, options: JobOptions = {}): Promise<Job> {
  const { results, quality, maxPersons, signal = new AbortController().signal } = options;
  const query = new URLSearchParams({
    ...(results && { results: results.join(",") }),
    ...(quality && { quality }),
    ...(maxPersons !== undefined && { max_persons: String(maxPersons ?? "all") }),
  });
  const server = new Server(options);
  try {
    const response = await server.send(`api/jobs?${query.toString()}`, { method: "POST", body: file, signal });
    return new Job(text(record(await response.json()).id), options);
  } catch (error) {
    signal.throwIfAborted(); // By the caller, who knows the reason.
    throw toOurs(error);
  }
}

/** A job on a server. Its methods may throw a {@link HolisticError}, with the code `unknown_job` once it has expired. */
export class Job {
  readonly #server: Server;
  readonly #path: string;

  /**
   * @param id - secret: it is all that is needed to use the job.
   */
  constructor(
    readonly id: string,
    options: ServerOptions = {},
  ) {
    this.#server = new Server(options);
    this.#path = `api/jobs/${encodeURIComponent(id)}`;
  }

  async status(): Promise<JobStatus> {
    const response = await this.#server.send(this.#path, {});
    try {
      return readStatus(await response.json(), response.url);
    } catch (error) {
      throw toOurs(error);
    }
  }

  /**
   * The status whenever it changes, until the job has ended.
   *
   * @param signal - ends it, with the signal's reason.
   */
  async *follow(signal: AbortSignal = new AbortController().signal): AsyncGenerator<JobStatus, void> {
    for (;;) {
      try {
        const response = await this.#server.send(this.#path, { headers: { Accept: "text/event-stream" }, signal });
        for await (const line of lines(response)) {
          if (line.startsWith("data:")) {
            const status = readStatus(JSON.parse(line.slice(5)), response.url);
            yield status;
            if (status.state === "done" || status.state === "failed") {
              return;
            }
          }
        }
        await sleep(RETRY_MS, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw toOurs(error);
      }
    }
  }

  /** Stop it, and remove its files from the server. The request is sent even while the page is closing. */
  async delete(): Promise<void> {
    await this.#server.send(this.#path, { method: "DELETE", keepalive: true });
  }
}

/** @param base - what addresses in it are relative to. */
function readStatus(document: unknown, base: string): JobStatus {
  const job = record(document);
  if (!STATES.includes(text(job.state))) {
    throw new TypeError("it isn't a job");
  }
  const error = job.error == null ? null : record(job.error);
  return {
    state: text(job.state) as JobState,
    ahead: number(job.ahead),
    frames: number(job.frames),
    total: job.total === null ? null : number(job.total),
    damaged: job.damaged === true,
    results: list(job.results)
      .map(record)
      .map(({ name, type, url }) => ({
        name: text(name),
        type: text(type),
        url: new URL(text(url), base),
      })),
    error: error && { code: text(error.code), detail: text(error.detail) },
    expiresIn: job.expires_in === null ? null : number(job.expires_in),
  };
}

async function* lines({ body }: Response): AsyncGenerator<string, void> {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = "";
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const [...whole] = (rest + value!).split("\n");
      rest = whole.pop()!;
      yield* whole;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function toOurs(cause: unknown): HolisticError {
  return cause instanceof HolisticError
    ? cause
    : new HolisticError("server-unreachable", "what the server says about the job can't be read", { cause });
}
