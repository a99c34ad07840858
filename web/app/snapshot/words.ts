/** What can go wrong with a snapshot, for people. */

import { HolisticError } from "holistic-rtc";
import { SourceError, type SourceProblem } from "../camera/camera.js";
import type { Messages } from "../i18n/index.js";

export type SnapshotProblem =
  | Exclude<SourceProblem, "sample-failed">
  /** What was pasted or dropped has no file. */
  | "nothing"
  /** The browser can't read the file. */
  | "unreadable"
  | "damaged"
  | "too-large"
  | "not-a-picture"
  | "slow-upload"
  | "busy"
  | "crashed"
  | "too-slow"
  | "unauthorized"
  | "unreachable"
  | "unexpected";

/** A problem that is found before anything is sent. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor(
    readonly problem: "nothing" | "unreadable",
    cause?: unknown,
  ) {
    super(cause instanceof Error ? cause.message : "", { cause });
  }
}

export interface Trouble {
  problem: SnapshotProblem;
  /** In the words of whoever found it, which are English. */
  detail: string;
  /** How many seconds the server wants to be left alone; 0 when it didn't say so. */
  retryAfter: number;
}

/** Where a busy server doesn't say when to come back. */
const RETRY_AFTER = 1;

const BUSY: ReadonlySet<string> = new Set(["server-full", "server-busy"]);

const BY_STATUS: Record<number, SnapshotProblem> = {
  400: "damaged",
  408: "slow-upload",
  413: "too-large",
  415: "not-a-picture",
  500: "crashed",
  504: "too-slow",
};

export function toTrouble(error: unknown): Trouble {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof FileError) {
    return { problem: error.problem, detail, retryAfter: 0 };
  }
  if (error instanceof SourceError) {
    const problem = error.problem === "sample-failed" ? "unexpected" : error.problem;
    return { problem, detail: detail === problem ? "" : detail, retryAfter: 0 };
  }
  if (!(error instanceof HolisticError)) {
    return { problem: "unexpected", detail, retryAfter: 0 };
  }
  const retryAfter = BUSY.has(error.reason) ? (error.retryAfter ?? RETRY_AFTER) : 0;
  return { problem: toProblem(error), detail, retryAfter };
}

function toProblem({ reason, status }: HolisticError): SnapshotProblem {
  switch (reason) {
    case "server-full":
    case "server-busy":
      return "busy";
    case "unauthorized":
      return "unauthorized";
    case "server-unreachable":
      return BY_STATUS[status ?? 0] ?? "unreachable";
    default:
      return BY_STATUS[status ?? 0] ?? "unexpected";
  }
}

/** What went wrong, and what to do about it. */
export function troubleWords(
  { problem, detail }: Trouble,
  messages: Messages,
): Record<"title" | "remedy" | "detail", string> {
  // Whoever has a token is told of it in other words, which the page has put there.
  const { title, remedy } =
    problem === "unauthorized" ? messages.problems[problem] : messages.snapshot.problems[problem];
  return { title, remedy, detail: detail && messages.detail(detail) };
}
