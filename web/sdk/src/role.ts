/** What a client does in a session: publish it or subscribe to it. */

/** Send tracks, the videos first, and receive annotated video back if `video`. */
export interface Publication {
  tracks: MediaStreamTrack[];
  video: boolean;
  /** Whether everyone may list and watch the session. */
  public: boolean;
  /** The name of the session; null for none. */
  name: string | null;
  /** The secret that takes over the name. */
  key: string;
}

/** Receive the first `videos` of a session, and its landmarks if wanted. */
export interface Subscription {
  /** The session's id or name. */
  sessionId: string;
  /** Its viewing key; null where none is needed. */
  key: string | null;
  videos: number;
  audio: boolean;
  landmarks: boolean;
}

export type Role = Publication | Subscription;

/** Where the offer goes, with its query. */
export function pathOf(role: Role): string {
  if ("sessionId" in role) {
    return `whep/${encodeURIComponent(role.sessionId)}${queryOf({ key: role.key })}`;
  }
  const isPublic = role.public ? "true" : null;
  return role.name === null
    ? `whip${queryOf({ public: isPublic })}`
    : `whip/${encodeURIComponent(role.name)}${queryOf({ public: isPublic, key: role.key })}`;
}

/** Without what is null. */
function queryOf(fields: Record<string, string | null>): string {
  const query = new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== null),
  );
  return query.size === 0 ? "" : `?${query.toString()}`;
}
