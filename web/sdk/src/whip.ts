/** The HTTP side of a session: WHIP (RFC 9725). */

import { HolisticError } from "./errors.js";

const TIMEOUT_MS = 10_000;
/** An offer may have to wait for a session process to start. One given up too early leaves a session behind. */
const OFFER_TIMEOUT_MS = 30_000;

/** One session on the server, from its 201 to its DELETE. */
export class WhipResource {
  /**
   * @param url - the session's own, from `Location`.
   * @param etag - names its ICE session, for `If-Match`.
   * @param answer - SDP.
   */
  constructor(
    readonly url: URL,
    readonly etag: string | null,
    readonly answer: string,
  ) {}

  /** The session's id: the last part of its address. */
  get id(): string {
    return this.url.pathname.split("/").at(-1) ?? "";
  }

  /** Add candidates that were found after the offer was sent. */
  async patch(fragment: string): Promise<void> {
    const headers: Record<string, string> = { "Content-Type": "application/trickle-ice-sdpfrag" };
    if (this.etag) {
      headers["If-Match"] = this.etag;
    }
    await request(this.url, { method: "PATCH", headers, body: fragment });
  }

  /** End the session. Goes out even when the page is just being closed. */
  async delete(): Promise<void> {
    await request(this.url, { method: "DELETE", keepalive: true });
  }
}

/** Offer a session. */
export async function postOffer(base: URL, sdp: string): Promise<WhipResource> {
  const response = await request(new URL("whip", base), {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: sdp,
    signal: AbortSignal.timeout(OFFER_TIMEOUT_MS),
  });
  const location = response.headers.get("Location");
  if (response.status !== 201 || !location) {
    throw new HolisticError("server-unreachable", `${base.host} doesn't speak WHIP; is this a holistic-rtc server?`);
  }
  return new WhipResource(new URL(location, response.url), response.headers.get("ETag"), await response.text());
}

/** The STUN and TURN servers to use, before the offer is made. */
export async function getIceServers(base: URL): Promise<RTCIceServer[]> {
  const response = await request(new URL("api/ice-servers", base), { headers: { Accept: "application/json" } });
  try {
    return ((await response.json()) as { iceServers: RTCIceServer[] }).iceServers;
  } catch (cause) {
    throw new HolisticError("server-unreachable", `${base.host} is no holistic-rtc server`, { cause });
  }
}

/**
 * A trickle-ice-sdpfrag (RFC 8840) of candidates.
 *
 * @param offer - the SDP that the candidates belong to.
 */
export function candidateFragment(offer: string, candidates: readonly RTCIceCandidate[]): string {
  const lines = offer.split(/\r?\n/);
  const credentials = ["a=ice-ufrag:", "a=ice-pwd:"].map((key) => lines.find((line) => line.startsWith(key)));
  const fragment = credentials.filter((line) => line !== undefined);
  for (const mid of new Set(candidates.map((candidate) => candidate.sdpMid))) {
    const position = lines.indexOf(`a=mid:${mid ?? ""}`);
    const media = lines.slice(0, position).findLast((line) => line.startsWith("m="));
    if (media) {
      const found = candidates.filter((candidate) => candidate.sdpMid === mid);
      fragment.push(media, `a=mid:${mid ?? ""}`, ...found.map((candidate) => `a=${candidate.candidate}`));
    }
  }
  return fragment.join("\r\n") + "\r\n";
}

async function request(url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch (cause) {
    throw new HolisticError("server-unreachable", `${url.host} doesn't answer`, { cause });
  }
  if (!response.ok) {
    throw await toError(url, response);
  }
  return response;
}

async function toError(url: URL, response: Response): Promise<HolisticError> {
  const detail = (await readDetail(response)) ?? `${url.host} answered ${response.status} ${response.statusText}`;
  const retryAfter = readRetryAfter(response.headers.get("Retry-After"));
  const code = String(response.status);
  if (response.status === 503 || response.status === 429) {
    return new HolisticError("server-full", detail, { retryAfter, code });
  }
  return new HolisticError(response.status >= 500 ? "server-unreachable" : "refused", detail, { retryAfter, code });
}

/** What a problem document (RFC 9457) says, if the response is one. */
async function readDetail(response: Response): Promise<string | null> {
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    return null;
  }
  try {
    const { detail, title } = (await response.json()) as { detail?: string; title?: string };
    return detail ?? title ?? null;
  } catch {
    return null; // Cut or no JSON: the status says what there is to say.
  }
}

/** Seconds from a `Retry-After`, which is a number of them or a date. */
function readRetryAfter(value: string | null): number | null {
  if (value === null) {
    return null;
  }
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
