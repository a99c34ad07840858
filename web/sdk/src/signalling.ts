/** The HTTP side: WHIP (RFC 9725), WHEP (its draft), and `/api`. */

import { type ErrorReason, HolisticError } from "./errors.js";
import { sleep } from "./timing.js";

const TIMEOUT_MS = 10_000;
const CORS_TIMEOUT_MS = 2000;
/** An offer may have to wait for a session process to start. One given up too early leaves a session behind. */
const OFFER_TIMEOUT_MS = 30_000;
/** An upload may be slow and wait for others; the server gives up long before. */
const PICTURE_TIMEOUT_MS = 60_000;

/** How long a request waits for a name to be live, and how much longer it may take. */
const LIVE_WAIT_S = 20;

/** Relation of the `Link` from a session to the URL at which it can be watched. */
const WATCH = "urn:holistic-rtc:watch";

/** What somebody may do on a server. */
export type Right = "publish" | "watch" | "list" | "operate";

export interface ServerOptions {
  /** The server's base address; the page's origin if left out. */
  url?: string | URL;
  /** The server's token, or a ticket, if it requires one. */
  token?: string | null;
}

/** A running session, as {@link listSessions} returns it. */
export interface SessionInfo {
  id: string;
  /** Chosen by its publisher; null if it has none. */
  name: string | null;
  /** Whether everyone may list and watch it. */
  public: boolean;
  started: Date;
  /** Number of subscribers. */
  subscribers: number;
  /** Its videos; empty in its first second. */
  tracks: {
    /** Index among the session's videos, from 0. */
    track: number;
    /** Size in pixels of the newest frame. */
    width: number;
    height: number;
    /** Tracked frames a second. */
    fps: number;
  }[];
}

/**
 * The running sessions, the oldest first.
 *
 * @throws HolisticError
 */
export async function listSessions(options: ServerOptions = {}): Promise<SessionInfo[]> {
  return await new Server(options).listSessions();
}

/**
 * The server's metrics, in Prometheus' text format. Needs the right `operate`.
 *
 * @throws HolisticError
 */
export async function getMetrics(options: ServerOptions = {}): Promise<string> {
  const response = await new Server(options).send("metrics", { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return await response.text();
}

/** A signed, short-lived credential for a URL, used instead of a token. */
export interface Ticket {
  ticket: string;
  expires: Date;
}

export interface TicketOptions extends ServerOptions {
  /** What it allows; all rights of the token if left out. */
  rights?: readonly Right[];
  /** The only session that may be watched with it, or the only name; any if left out. */
  session?: string;
  /** How long it is valid; as long as the server allows if left out. */
  seconds?: number;
}

/**
 * Get a ticket.
 *
 * @throws HolisticError; with the reason `forbidden` if it would allow more than the token does.
 */
export async function getTicket(options: TicketOptions = {}): Promise<Ticket> {
  return await new Server(options).getTicket(options);
}

/** A server's address, and its requests. All of them may throw a {@link HolisticError}. */
export class Server {
  readonly #base: URL;
  readonly #headers: Record<string, string>;

  constructor({ url, token }: ServerOptions) {
    const base = new URL(url ?? location.origin, "location" in globalThis ? location.href : undefined);
    this.#base = new URL(base.pathname.endsWith("/") ? base : `${base.href}/`);
    this.#headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /**
   * @param path - `whip` or `whip/NAME` to publish, `whep/ID` to subscribe, and their query.
   * @param sdp - the offer.
   */
  async offer(path: string, sdp: string): Promise<Resource> {
    const response = await request(new URL(path, this.#base), {
      method: "POST",
      headers: { "Content-Type": "application/sdp", ...this.#headers },
      body: sdp,
      signal: AbortSignal.timeout(OFFER_TIMEOUT_MS),
    });
    const location = response.headers.get("Location");
    if (response.status !== 201 || !location) {
      throw this.#notOurs("doesn't speak WHIP");
    }
    const { headers, url } = response;
    const resource = new Resource(new URL(location, url), headers.get("ETag"), await response.text());
    resource.viewingKey = readViewingKey(headers.get("Link"), url);
    return resource;
  }

  /** Whether it answers while a node of it, to which it has redirected, doesn't: then that node has ended. */
  async outlives(resource: Resource): Promise<boolean> {
    if (resource.url.origin === this.#base.origin) {
      return false;
    }
    try {
      await this.#get("healthz");
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The STUN and TURN servers to use, before the offer is made.
   *
   * @param viewing - the session to subscribe to and its viewing key, where that is needed.
   */
  async getConfiguration(viewing?: { session: string; key: string }): Promise<RTCConfiguration> {
    const query = viewing ? `?${new URLSearchParams(viewing).toString()}` : "";
    return await this.#get<RTCConfiguration>(`api/ice-servers${query}`);
  }

  async getTicket({ rights, session, seconds }: TicketOptions): Promise<Ticket> {
    const url = new URL("api/tickets", this.#base);
    const wishes = { rights: rights?.join(","), session, seconds: seconds?.toString() };
    for (const [name, value] of Object.entries(wishes)) {
      if (value !== undefined) {
        url.searchParams.set(name, value);
      }
    }
    const { ticket, expires } = await this.#json<{ ticket: string; expires: string }>(url, { method: "POST" });
    return { ticket, expires: new Date(expires) };
  }

  async listSessions(): Promise<SessionInfo[]> {
    const { sessions } = await this.#get<{ sessions: (SessionInfo & { started: string })[] }>("api/sessions");
    return sessions.map((session) => ({ ...session, name: session.name ?? null, started: new Date(session.started) }));
  }

  /**
   * Wait until somebody publishes under a name.
   *
   * @param key - the viewing key, where that is needed.
   */
  async waitUntilLive(name: string, key: string | null, signal: AbortSignal): Promise<void> {
    const url = new URL(`api/sessions/${encodeURIComponent(name)}?wait=${LIVE_WAIT_S}`, this.#base);
    if (key !== null) {
      url.searchParams.set("key", key);
    }
    for (;;) {
      try {
        const limit = AbortSignal.timeout(LIVE_WAIT_S * 1000 + TIMEOUT_MS);
        await request(url, { headers: this.#headers, signal: AbortSignal.any([signal, limit]) });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof HolisticError && error.reason === "not-live")) {
          throw error;
        }
        await sleep((error.retryAfter ?? 1) * 1000, signal);
      }
    }
  }

  /**
   * @param query - of `POST /api/snapshot`.
   * @returns the fields `landmarks` and `picture`.
   */
  async postPicture(picture: Blob, query: Record<string, string>, signal: AbortSignal): Promise<FormData> {
    const url = new URL("api/snapshot", this.#base);
    url.search = new URLSearchParams(query).toString();
    const timeout = AbortSignal.timeout(PICTURE_TIMEOUT_MS);
    const response = await request(url, {
      method: "POST",
      headers: { Accept: "multipart/form-data", ...this.#headers },
      body: picture,
      signal: AbortSignal.any([signal, timeout]),
    });
    try {
      return await response.formData();
    } catch (cause) {
      throw this.#notOurs("answers with something else than a form", cause);
    }
  }

  /**
   * Send a request, which has no time limit if it has a signal.
   *
   * @param path - below the server's address.
   */
  async send(
    path: string,
    { headers, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> },
  ): Promise<Response> {
    return await request(new URL(path, this.#base), { ...init, headers: { ...this.#headers, ...headers } });
  }

  async #get<T>(path: string): Promise<T> {
    return await this.#json<T>(new URL(path, this.#base), {});
  }

  async #json<T>(url: URL, init: RequestInit): Promise<T> {
    const headers = { Accept: "application/json", ...this.#headers };
    const response = await request(url, { ...init, headers });
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw this.#notOurs("answers with something else than JSON", cause);
    }
  }

  #notOurs(what: string, cause?: unknown): HolisticError {
    return new HolisticError("server-unreachable", `${this.#base.host} ${what}; is it a holistic-rtc server?`, {
      cause,
    });
  }
}

/** The resource that an offer created on the server, from its 201 to its DELETE. */
export class Resource {
  /** What others need to watch the session; null for a subscription. */
  viewingKey: string | null = null;

  /**
   * @param url - its own, from `Location`.
   * @param etag - names its ICE session, for `If-Match`; changes with each restart.
   * @param answer - SDP.
   */
  constructor(
    readonly url: URL,
    public etag: string | null,
    readonly answer: string,
  ) {}

  /** The session's id: the last but one part of its address. The last one is a secret. */
  get session(): string {
    return this.url.pathname.split("/").at(-2) ?? "";
  }

  /** Add candidates that were found after the offer was sent. */
  async patch(fragment: string): Promise<void> {
    await this.#patch(fragment, this.etag);
  }

  /**
   * Begin a new ICE session (RFC 9725, section 4.3.3).
   *
   * @param fragment - with the new credentials.
   * @returns the server's fragment.
   */
  async restart(fragment: string): Promise<string> {
    const response = await this.#patch(fragment, "*");
    this.etag = response.headers.get("ETag");
    return await response.text();
  }

  async #patch(fragment: string, etag: string | null): Promise<Response> {
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag", ...(etag && { "If-Match": etag }) };
    return await request(this.url, { method: "PATCH", headers, body: fragment });
  }

  /** End it. The request is sent even while the page is closing. */
  async delete(): Promise<void> {
    await request(this.url, { method: "DELETE", keepalive: true });
  }
}

async function request(url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch (cause) {
    const words = (await refusesOurPages(url))
      ? `doesn't allow pages of ${location.origin} to use it: add that to HOLISTIC_CORS_ORIGINS on the server`
      : "doesn't answer";
    throw new HolisticError("server-unreachable", `${url.host} ${words}`, { cause });
  }
  if (!response.ok) {
    throw await toError(url, response);
  }
  return response;
}

/** Whether it answers, but not to scripts of this page's origin: browsers don't tell that from no answer. */
async function refusesOurPages(url: URL): Promise<boolean> {
  if (typeof location === "undefined" || url.origin === location.origin) {
    return false;
  }
  try {
    await fetch(new URL("/healthz", url), { mode: "no-cors", signal: AbortSignal.timeout(CORS_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  }
}

async function toError(url: URL, response: Response): Promise<HolisticError> {
  const { status, statusText, headers } = response;
  const { code = null, detail, title } = await readProblem(response);
  return new HolisticError(toReason(status, code), detail ?? title ?? `${url.host} answered ${status} ${statusText}`, {
    retryAfter: readRetryAfter(headers.get("Retry-After")),
    code,
    status,
  });
}

/** @param code - null if a proxy in front of the server answered. */
function toReason(status: number, code: string | null): ErrorReason {
  switch (code) {
    case "server_full":
    case "session_full":
    case "snapshots_full":
    case "jobs_full":
      return "server-full";
    case "unknown_session":
      return "session-unknown";
    case "not_live":
      return "not-live";
  }
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 429:
      return "server-full";
    case 503:
      return code === null ? "server-full" : "server-busy";
    default:
      return status >= 500 ? "server-unreachable" : "refused";
  }
}

/** What a problem document (RFC 9457) says, if the response is one. */
async function readProblem(response: Response): Promise<{ code?: string; detail?: string; title?: string }> {
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    return {};
  }
  try {
    return ((await response.json()) ?? {}) as { code?: string; detail?: string; title?: string };
  } catch {
    return {}; // Cut or no JSON: the status says what there is to say.
  }
}

/** The key in the `Link` header (RFC 8288) for watching a session. */
function readViewingKey(links: string | null, base: string): string | null {
  for (const [, address, parameters] of links?.matchAll(/<([^>]*)>([^<]*)/g) ?? []) {
    if (parameters?.includes(`rel="${WATCH}"`)) {
      return new URL(address!, base).searchParams.get("key");
    }
  }
  return null;
}

/** Seconds from a `Retry-After`, which is a number of seconds or a date. */
function readRetryAfter(value: string | null): number | null {
  if (value === null) {
    return null;
  }
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
