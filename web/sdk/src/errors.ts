/** Why something failed: a word for programs. The error's `message` says it for people. */
export type ErrorReason =
  /** The page is neither on https nor on localhost, so the browser withholds what is needed. */
  | "insecure-context"
  /** The browser has no WebRTC. */
  | "unsupported"
  /** No HTTP answer, or one that no holistic-rtc server gives. */
  | "server-unreachable"
  /** All places are taken; `retryAfter` says when to ask again. */
  | "server-full"
  /** The server can't do it at the moment for another reason, such as that it stops; `code` says which. */
  | "server-busy"
  /** The server asks for a token, and got none or another one. */
  | "unauthorized"
  /** The token doesn't have the right to do this, or the session is private and the viewing key is missing or wrong. */
  | "forbidden"
  /** There is no such session to subscribe to; it may have ended. */
  | "session-unknown"
  /** The server doesn't take the offer or the configuration, and won't when asked again. */
  | "refused"
  /** Signalling went well, but no media path was found. */
  | "ice-failed"
  /** There was a connection, and nothing comes over it any more. */
  | "connection-lost"
  /** The server ended the session, or that which was subscribed to has ended; `code` says why. */
  | "session-ended"
  /** `close()` was called meanwhile. */
  | "aborted";

/** After these, a session isn't started again. */
const FINAL_ENDS = ["deleted", "session_ended", "time_limit", "video_too_large"];

/** What {@link HolisticClient} rejects with and reports. */
export class HolisticError extends Error {
  override readonly name = "HolisticError";
  /** Seconds until the server wants to be asked again, where it said so. */
  readonly retryAfter: number | null;
  /** The server's own word for it, where it gave one: see docs/problems.md and docs/protocol.md. */
  readonly code: string | null;
  /** Of the HTTP response, where there was one. */
  readonly status: number | null;

  constructor(
    readonly reason: ErrorReason,
    message: string,
    options: { cause?: unknown; retryAfter?: number | null; code?: string | null; status?: number } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.retryAfter = options.retryAfter ?? null;
    this.code = options.code ?? null;
    this.status = options.status ?? null;
  }

  /** Whether the same attempt may succeed later. */
  get retryable(): boolean {
    switch (this.reason) {
      case "server-unreachable":
      case "server-full":
      case "server-busy":
      case "ice-failed":
      case "connection-lost":
        return true;
      case "session-ended":
        return this.code === null || !FINAL_ENDS.includes(this.code);
      default:
        return false;
    }
  }
}

/** A landmark message that can't be read. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
