/** Why something failed, for programs. The error's `message` is for people. */
export type ErrorReason =
  /** The page was loaded neither over HTTPS nor from localhost, so the browser blocks the camera. */
  | "insecure-context"
  /** The browser has no WebRTC. */
  | "unsupported"
  /** No HTTP response, or not one of a holistic-rtc server. */
  | "server-unreachable"
  /** All places are taken; `retryAfter` says when to retry. */
  | "server-full"
  /** The server can't serve the request right now for another reason, such as shutting down; `code` says which. */
  | "server-busy"
  /** The server requires a token, and got none or a wrong one. */
  | "unauthorized"
  /** The token doesn't have the right to do this, or the session is private and the viewing key is missing or wrong. */
  | "forbidden"
  /** There is no such session to subscribe to; it may have ended. */
  | "session-unknown"
  /** Nobody is publishing under the name at the moment. */
  | "not-live"
  /** The server rejects the offer or the configuration, and will reject it again. */
  | "refused"
  /** Signalling succeeded, but media can't get through. */
  | "ice-failed"
  /** The connection was closed, or nothing arrives on it any more. */
  | "connection-lost"
  /** The server ended the session, or the subscribed session has ended; `code` says why. */
  | "session-ended"
  /** `close()` was called in the meantime. */
  | "aborted";

/** After these, the client doesn't reconnect. */
const FINAL_ENDS = ["deleted", "session_ended", "taken_over", "time_limit", "video_too_large"];

/** What {@link HolisticClient} rejects with and reports. */
export class HolisticError extends Error {
  override readonly name = "HolisticError";
  /** Seconds to wait before a retry, if the server said so. */
  readonly retryAfter: number | null;
  /** The server's code or reason, if it gave one: see docs/problems.md and docs/protocol.md. */
  readonly code: string | null;
  /** The status of the HTTP response, if there was one. */
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
      case "not-live":
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
