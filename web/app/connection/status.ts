/** What a page is doing with its connection, for people. */

import { type ErrorReason, HolisticError, type StateChange } from "holistic-rtc";
import { type SourceProblem, SourceError } from "../camera/camera.js";

export type PageState =
  | "idle"
  /** The camera is on, but nothing is sent. */
  | "preview"
  | "starting"
  | "connecting"
  | "connected"
  | "waiting"
  | "reconnecting"
  /** Pictures are sent one after the other, in place of live video. */
  | "snapshots"
  | "failed";

/** The two in the middle: of a page that follows the only session there is. */
export type Problem = SourceProblem | ErrorReason | "no-session" | "several-sessions" | "unexpected";

export interface Status {
  state: PageState;
  /** Why, when it is `waiting`, `reconnecting`, `failed`, or `snapshots` for want of another way. */
  problem: Problem | null;
  /** The same in the words of whoever found it, which are English. */
  detail: string;
  /** The server's code for it, if it gave one. */
  code: string | null;
  /** Which attempt comes next, when it is `reconnecting`. */
  attempt: number;
  /** When that is, on `performance.now()`'s clock; 0 for none. */
  retryAt: number;
}

export const IDLE: Status = { state: "idle", problem: null, detail: "", code: null, attempt: 0, retryAt: 0 };
/** Where the server doesn't say when to come back. */
const RETRY_MS = 5000;

/** Of a client that is between `connect()` or `subscribe()` and its end. */
export function connectionStatus({ state, error, attempt, retryMs }: StateChange): Status | null {
  switch (state) {
    case "connecting":
    case "connected":
      return { ...IDLE, state };
    case "waiting":
      return { ...IDLE, state, ...describe(error) };
    case "reconnecting": {
      const retryAt = performance.now() + retryMs;
      const { reason: problem = "connection-lost", message: detail = "", code = null } = error ?? {};
      return { state, problem, detail, code, attempt, retryAt };
    }
    default:
      return null;
  }
}

export function failedStatus(error: unknown): Status {
  return { ...IDLE, state: "failed", ...describe(error) };
}

/** How long to wait for a server that is full or busy; null when something else is the matter. */
export function placeWait(error: unknown): { status: Status; ms: number } | null {
  if (!(error instanceof HolisticError) || !["server-full", "server-busy"].includes(error.reason)) {
    return null;
  }
  const ms = error.retryAfter ? error.retryAfter * 1000 : RETRY_MS;
  return { status: { ...IDLE, state: "waiting", ...describe(error), retryAt: performance.now() + ms }, ms };
}

export function describe(error: unknown): Pick<Status, "detail" | "code"> & { problem: Problem } {
  if (error instanceof SourceError) {
    return { problem: error.problem, detail: error.message === error.problem ? "" : error.message, code: null };
  }
  if (error instanceof HolisticError) {
    return { problem: error.reason, detail: error.message, code: error.code };
  }
  return { problem: "unexpected", detail: error instanceof Error ? error.message : String(error), code: null };
}
