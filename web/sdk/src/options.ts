/** What `connect()` and `subscribe()` take. */

export interface ConnectOptions {
  /** Whether to receive the annotated video; `true` if left out. Without it, both sides have less to do. */
  video?: boolean;
  /** Whether to send the stream's audio, too, for subscribers; `false` if left out. */
  audio?: boolean;
  /** Whether everyone may list and watch the session; otherwise they need its `viewingKey`. */
  public?: boolean;
  /**
   * A name for the session, under which others can subscribe to it and to those that follow it: 1 to 64 letters, digits,
   * hyphens and underscores, without a hyphen at the beginning.
   */
  name?: string | null;
  /**
   * A secret of 16 to 128 such characters that takes over the name from a session with the same one, and keeps the
   * viewing key. By default, each client has its own.
   */
  key?: string;
}

export interface SubscribeOptions {
  /** The session's viewing key. Not needed if the session is public, or the token has the right to watch. */
  key?: string | null;
  /** Whether to receive annotated video; `true` if left out. */
  video?: boolean;
  /**
   * Whether to receive the publisher's audio, if it sends any; `false` if left out. Browsers don't play a video with
   * sound on their own, unless it is muted.
   */
  audio?: boolean;
  /** Whether to receive landmarks; `true` if left out. */
  landmarks?: boolean;
  /** How many of the session's videos to receive, from its first; 1 if left out. */
  tracks?: number;
}
