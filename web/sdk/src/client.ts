import { type DecodeError, HolisticError } from "./errors.js";
import { Emitter } from "./events.js";
import type { HolisticFrame } from "./frame.js";
import { makeKey } from "./key.js";
import type { Configuration, ServerEvents, ServerStats } from "./messages.js";
import { newestFrames } from "./newest.js";
import type { ConnectOptions, SubscribeOptions } from "./options.js";
import type { Role, Subscription } from "./role.js";
import { type Encoding, Session } from "./session.js";
import { Server, type ServerOptions, type SessionInfo } from "./signalling.js";
import { backoffMs, sleep } from "./timing.js";
import { copyConfiguration, writeConfiguration } from "./wire.js";

/** After a connection that lasted this long, the next reconnection starts with a short wait again. */
const STABLE_MS = 10_000;

/** `waiting`: nobody is publishing under the name at the moment. */
export type ClientState = "idle" | "connecting" | "connected" | "waiting" | "reconnecting" | "failed" | "closed";

export interface StateChange {
  state: ClientState;
  previous: ClientState;
  /** Why, when it is `waiting`, `reconnecting` or `failed`. */
  error: HolisticError | null;
  /** When it is `reconnecting`: the number of the next attempt, from 1, and the milliseconds until then; otherwise 0. */
  attempt: number;
  retryMs: number;
}

/** The events of a {@link HolisticClient}. `configured` follows each connection and each `configure()`. */
export interface HolisticEvents extends ServerEvents {
  state: StateChange;
  /** The annotated video, after each connection that receives one, and the audio. */
  stream: MediaStream;
  /** A tracked frame. Frames older than the newest of their track and person are dropped. */
  landmarks: HolisticFrame;
  /** What `connect()` and `subscribe()` reject with, why the client reconnects or fails, and errors without consequences. */
  error: HolisticError | DecodeError;
}

export interface HolisticClientOptions extends Configuration, ServerOptions {
  /** How landmarks are sent; `flatbuffers` (the default) takes a fifth of the bytes. */
  encoding?: Encoding;
  /** Whether to reconnect when the connection is lost, and to wait for names; `true` if left out. */
  reconnect?: boolean;
}

/**
 * Sends video to a holistic-rtc server, and receives landmarks and the annotated video; or receives those of a session that
 * somebody else publishes.
 *
 * ```ts
 * const client = new HolisticClient();
 * client.on("stream", (annotated) => (video.srcObject = annotated));
 * await client.connect(await navigator.mediaDevices.getUserMedia({ video: true })); // or subscribe(sessionId)
 * for await (const frame of client.landmarks()) {
 *   avatar.move(frame);
 * }
 * ```
 *
 * A client can be connected again after it was closed or has failed.
 */
export class HolisticClient extends Emitter<HolisticEvents> {
  readonly #server: Server;
  readonly #encoding: Encoding;
  readonly #reconnects: boolean;
  #configuration: Configuration;
  /** Aborted when the session or subscription is over, which lasts from `connect()` or `subscribe()` to `close()`. */
  #run: AbortController | null = null;
  #session: Session | null = null;
  #role: Role | null = null;
  #state: ClientState = "idle";
  #error: HolisticError | null = null;
  #stream: MediaStream | null = null;
  #stats: ServerStats | null = null;
  #attempt = 0;
  #connectedAt = 0;
  /** Whether the session has a name, so that it may be live again at any time. */
  #named = false;
  readonly #key = makeKey();

  constructor(options: HolisticClientOptions = {}) {
    super();
    const { encoding = "flatbuffers", reconnect = true } = options;
    this.#server = new Server(options);
    this.#encoding = encoding;
    this.#reconnects = reconnect;
    this.#configuration = copyConfiguration(options);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Why it is `waiting`, `reconnecting` or has `failed`. */
  get error(): HolisticError | null {
    return this.#error;
  }

  /** The annotated video of the current connection. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** The current session's id, with which others can subscribe to it. */
  get sessionId(): string | null {
    return this.#session?.id ?? null;
  }

  /** The name that it publishes under; null without one. */
  get name(): string | null {
    return this.#role && "tracks" in this.#role ? this.#role.name : null;
  }

  /** The viewing key that others need to watch the published session; null without one. */
  get viewingKey(): string | null {
    return this.#session?.viewingKey ?? null;
  }

  /** The newest statistics from the server. */
  get stats(): ServerStats | null {
    return this.#stats;
  }

  /** Round trip of the newest ping on the control channel. */
  get roundTripMs(): number | null {
    return this.#session?.roundTripMs ?? null;
  }

  /** For `getStats()`. Each reconnection creates a new one. */
  get peerConnection(): RTCPeerConnection | null {
    return this.#session?.pc ?? null;
  }

  /**
   * Send the stream's video tracks.
   *
   * @returns once landmarks and video can flow.
   * @throws HolisticError; the state is then `failed`, or `closed` if `close()` ended the attempt.
   */
  async connect(stream: MediaStream, options: ConnectOptions = {}): Promise<void> {
    const { video = true, audio = false, public: isPublic = false, name = null, key = this.#key } = options;
    const tracks = [...stream.getVideoTracks(), ...(audio ? stream.getAudioTracks().slice(0, 1) : [])];
    await this.#begin({ tracks, video, public: isPublic, name, key });
  }

  /**
   * Receive a session that somebody else publishes. When it ends, the client fails with the reason `session-ended`.
   * A name is followed from session to session, and waited for while nobody publishes under it.
   *
   * @param session - its id or name, or one of {@link listSessions}.
   * @returns once landmarks and video can flow.
   * @throws HolisticError as `connect()` does; with the reason `session-unknown` when there is no such session.
   */
  async subscribe(session: string | Pick<SessionInfo, "id">, options: SubscribeOptions = {}): Promise<void> {
    const sessionId = typeof session === "string" ? session : session.id;
    const { key = null, video = true, audio = false, landmarks = true, tracks = 1 } = options;
    await this.#begin({ sessionId, key, videos: video ? tracks : 0, audio, landmarks });
  }

  /**
   * The frames as they arrive, for `for await`. A loop with a slow body continues with the newest frame, and misses those
   * before it. It ends when the client is closed.
   *
   * @param options - `signal` ends it with the signal's reason.
   * @throws HolisticError when the client fails.
   */
  landmarks({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<HolisticFrame, void, void> {
    return newestFrames(this, signal);
  }

  /** End the session, the subscription or the connection attempt. May be called at any time, and more than once. */
  async close(): Promise<void> {
    const session = this.#session;
    if (this.#run) {
      this.#finish(this.#run, "closed", null);
    } else if (this.#state !== "idle") {
      this.#setState("closed");
    }
    await session?.close();
  }

  /**
   * Change what the server does, now and after each reconnection. If the server rejects it, there is an `error` event.
   *
   * @throws RangeError when `maxFps` is not from 1 to 60.
   */
  configure(configuration: Configuration): void {
    this.#configuration = { ...this.#configuration, ...copyConfiguration(configuration) };
    this.#session?.tell(writeConfiguration(configuration));
  }

  /**
   * Send another track instead, such as another camera's, without a new connection.
   *
   * @param index - which of the stream's video tracks it replaces. Audio replaces the audio that is sent, if any.
   * @throws DOMException when the client doesn't publish.
   */
  async replaceTrack(track: MediaStreamTrack, index = 0): Promise<void> {
    if (!this.#role || !("tracks" in this.#role)) {
      throw new DOMException("the client sends no track that another one could replace", "InvalidStateError");
    }
    const { tracks } = this.#role;
    const place = track.kind === "audio" ? tracks.findIndex(({ kind }) => kind === "audio") : index;
    if (place < 0) {
      return;
    }
    tracks[place] = track;
    await this.#session?.setTracks(this.#role.tracks);
  }

  async #begin(role: Role): Promise<void> {
    if (this.#run) {
      throw new DOMException(`the client is ${this.#state}; close() it first`, "InvalidStateError");
    }
    const run = (this.#run = new AbortController());
    this.#role = role;
    this.#attempt = 0;
    this.#named = "tracks" in role && role.name !== null;
    this.#setState("connecting");
    addEventListener("pagehide", this.#closeWithPage);
    try {
      requireSupport();
      try {
        await this.#open(run);
      } catch (error) {
        if (!this.#reconnects || !isNotLive(error)) {
          throw error;
        }
        await this.#reconnect(run, error);
      }
    } catch (error) {
      this.#fail(run, error);
      throw error;
    }
  }

  async #open(run: AbortController): Promise<void> {
    const role = this.#role!;
    const session = await Session.open(
      { server: this.#server, role, encoding: this.#encoding },
      {
        stream: (stream) => {
          this.#stream = stream;
          this.emit("stream", stream);
        },
        landmarks: (frame) => this.emit("landmarks", frame),
        event: (event) => {
          if (event[0] === "stats") {
            this.#stats = event[1];
          }
          this.emit(...event);
        },
        error: (error) => this.emit("error", error),
        lost: (error) => this.#lose(run, error),
      },
      run.signal,
    );
    if (run.signal.aborted) {
      void session.close();
      run.signal.throwIfAborted();
    }
    this.#session = session;
    this.#named ||= "sessionId" in role && session.id !== role.sessionId;
    const { parts, maxPersons } = this.#configuration;
    const ofSubscriber = { ...(parts && { parts }), ...(maxPersons !== undefined && { maxPersons }) };
    const configuration = "tracks" in role ? this.#configuration : ofSubscriber;
    if (Object.keys(configuration).length > 0) {
      session.tell(writeConfiguration(configuration));
    }
    if ("tracks" in role) {
      session.setTracks(role.tracks).catch(this.#report); // They may have been replaced meanwhile.
    }
    this.#connectedAt = performance.now();
    this.#setState("connected");
  }

  #lose(run: AbortController, error: HolisticError): void {
    if (this.#run !== run) {
      return;
    }
    if (this.#named && error.code === "session_ended") {
      error = new HolisticError("not-live", error.message, { code: error.code });
    }
    if (!this.#reconnects || !error.retryable) {
      this.#fail(run, error);
      return;
    }
    if (performance.now() - this.#connectedAt > STABLE_MS) {
      this.#attempt = 0;
    }
    this.#session = this.#stream = this.#stats = null;
    this.#reconnect(run, error).catch((cause: unknown) => this.#fail(run, cause));
  }

  async #reconnect(run: AbortController, error: HolisticError): Promise<void> {
    for (;;) {
      try {
        if (isNotLive(error) && "sessionId" in this.#role!) {
          await this.#waitUntilLive(run, error, this.#role);
        } else {
          await this.#backOff(run, error);
        }
        await this.#open(run);
        return;
      } catch (cause) {
        if (!(cause instanceof HolisticError) || !cause.retryable) {
          throw cause;
        }
        error = cause;
      }
    }
  }

  async #waitUntilLive(run: AbortController, error: HolisticError, { sessionId, key }: Subscription): Promise<void> {
    this.#named = true;
    this.#attempt = 0;
    this.#setState("waiting", { error });
    await this.#server.waitUntilLive(sessionId, key, run.signal);
    this.#setState("connecting");
  }

  async #backOff(run: AbortController, error: HolisticError): Promise<void> {
    this.#attempt += 1;
    const retryMs = Math.max(backoffMs(this.#named ? 1 : this.#attempt), (error.retryAfter ?? 0) * 1000);
    this.emit("error", error);
    this.#setState("reconnecting", { error, attempt: this.#attempt, retryMs });
    await sleep(retryMs, run.signal);
  }

  #fail(run: AbortController, error: unknown): void {
    if (this.#run === run) {
      const reason = error instanceof HolisticError ? error : unexpected(error);
      this.#finish(run, "failed", reason);
      this.emit("error", reason);
    }
  }

  #finish(run: AbortController, state: "failed" | "closed", error: HolisticError | null): void {
    removeEventListener("pagehide", this.#closeWithPage);
    void this.#session?.close();
    this.#run = this.#session = this.#stream = this.#stats = null;
    run.abort(new HolisticError("aborted", "the client was closed"));
    this.#setState(state, { error });
  }

  #setState(state: ClientState, detail: Partial<StateChange> = {}): void {
    const previous = this.#state;
    this.#state = state;
    this.#error = detail.error ?? null;
    if (state !== previous || state === "reconnecting") {
      this.emit("state", { state, previous, error: null, attempt: 0, retryMs: 0, ...detail });
    }
  }

  readonly #report = (error: unknown): void => {
    this.emit("error", error instanceof HolisticError ? error : unexpected(error));
  };

  readonly #closeWithPage = (): void => {
    void this.close();
  };
}

function requireSupport(): void {
  if ("RTCPeerConnection" in globalThis) {
    return;
  }
  throw isSecureContext
    ? new HolisticError("unsupported", "this browser has no WebRTC")
    : new HolisticError("insecure-context", "this page was loaded neither over HTTPS nor from localhost");
}

function isNotLive(error: unknown): error is HolisticError {
  return error instanceof HolisticError && error.reason === "not-live";
}

function unexpected(cause: unknown): HolisticError {
  return new HolisticError("refused", cause instanceof Error ? cause.message : String(cause), { cause });
}
