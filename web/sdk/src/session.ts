/** A publisher's or a subscriber's end of a session: a peer connection, its data channels, and its place on the server. */

import { ControlChannel } from "./control.js";
import { decode } from "./decode.js";
import { DecodeError, HolisticError } from "./errors.js";
import type { EventOf } from "./events.js";
import type { HolisticFrame } from "./frame.js";
import { decodeJson } from "./json.js";
import { limitFps, nextMaxFps, offerToReceive, offerTrack, tuneReceiver, tuneSender } from "./media.js";
import type { ServerEvents, ServerStats } from "./messages.js";
import { FrameOrder } from "./order.js";
import { candidateFragment, type Resource, type Server } from "./signalling.js";
import { abortable } from "./timing.js";
import type { FromClient } from "./wire.js";

/** Candidates found by then go into the offer, later ones are sent after it. */
const GATHERING_MS = 250;
/** From the answer until the channels must be open. */
const CONNECT_MS = 15_000;
const PING_MS = 1000;
/** Without a message for so long, the server is gone. */
const SILENCE_MS = 3000;
const SILENCE_CHECK_MS = 250;

export type Encoding = "flatbuffers" | "json";

const PROTOCOLS: Record<Encoding, string> = { flatbuffers: "holistic.v1.fb", json: "holistic.v1.json" };

/** Send tracks, and receive annotated video back if `video`. */
export interface Publication {
  tracks: MediaStreamTrack[];
  video: boolean;
  /** Whether everyone may list and watch the session. */
  public: boolean;
}

/** Receive the first `videos` of a session, and its landmarks if wanted. */
export interface Subscription {
  sessionId: string;
  /** Its viewing key; null where none is needed. */
  key: string | null;
  videos: number;
  landmarks: boolean;
}

export type Role = Publication | Subscription;

export interface SessionOptions {
  server: Server;
  role: Role;
  encoding: Encoding;
}

/** The session's callbacks; none is called after `close()`. */
export interface SessionEvents {
  stream: (stream: MediaStream) => void;
  landmarks: (frame: HolisticFrame) => void;
  /** An event of the control channel. */
  event: (event: EventOf<ServerEvents>) => void;
  /** Something went wrong that the session outlives. */
  error: (error: HolisticError | DecodeError) => void;
  /** The session is over, and not by `close()`. */
  lost: (error: HolisticError) => void;
}

export class Session {
  readonly pc: RTCPeerConnection;
  readonly #events: SessionEvents;
  readonly #control: ControlChannel;
  readonly #annotated = new MediaStream();
  readonly #order = new FrameOrder();
  readonly #maxFps = new Map<number, number | null>();
  readonly #opened: Promise<void>;
  #resolveOpened!: () => void;
  #rejectOpened!: (error: HolisticError) => void;
  #state: "connecting" | "open" | "closed" = "connecting";
  #resource: Resource | null = null;
  #offer: string | null = null;
  #candidates: RTCIceCandidate[] = [];
  /** Of the last TURN server that was of no use; ends the words for a connection that could not be made. */
  #turnFailure = "";
  #lastMessage = 0;
  #lastCheck = 0;
  #timers: ReturnType<typeof setTimeout>[] = [];

  /**
   * Connect; takes until both channels are open and media can flow.
   *
   * @throws HolisticError, or the signal's reason.
   */
  static async open(options: SessionOptions, events: SessionEvents, signal: AbortSignal): Promise<Session> {
    const { server, role } = options;
    const viewing = "key" in role && role.key !== null ? { session: role.sessionId, key: role.key } : undefined;
    const configuration = await abortable(server.getConfiguration(viewing), signal);
    const session = new Session(configuration, options, events);
    try {
      await abortable(session.#connect(options), signal);
    } catch (error) {
      void session.close();
      throw error;
    }
    return session;
  }

  private constructor(configuration: RTCConfiguration, { role, encoding }: SessionOptions, events: SessionEvents) {
    this.#events = events;
    this.#opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    this.#opened.catch(() => undefined); // `#connect` awaits it later, if it gets so far.
    this.pc = new RTCPeerConnection({ ...configuration, bundlePolicy: "max-bundle" });
    this.pc.addEventListener("connectionstatechange", () => this.#watchConnection());
    this.pc.addEventListener("icecandidate", ({ candidate }) => this.#trickle(candidate));
    this.pc.addEventListener("icecandidateerror", (event) => this.#noteTurnFailure(event));
    this.pc.addEventListener("track", ({ track, receiver }) => {
      tuneReceiver(receiver);
      this.#annotated.addTrack(track);
    });
    this.#control = this.#openControl();
    if ("tracks" in role) {
      this.#openLandmarks(encoding);
      role.tracks.forEach((track) => offerTrack(this.pc, track, role.video));
    } else {
      if (role.landmarks) {
        this.#openLandmarks(encoding);
      }
      for (let i = 0; i < role.videos; i++) {
        offerToReceive(this.pc);
      }
    }
  }

  get id(): string | null {
    return this.#resource?.session ?? null;
  }

  /** What others need to watch it; null for a subscription. */
  get viewingKey(): string | null {
    return this.#resource?.viewingKey ?? null;
  }

  /** From the control channel's pings. */
  get roundTripMs(): number | null {
    return this.#control.roundTripMs;
  }

  /** Send a message on the control channel. */
  tell(message: FromClient): void {
    this.#control.tell(message);
  }

  /** Send these tracks from now on, without negotiating anew. */
  async setTracks(tracks: readonly MediaStreamTrack[]): Promise<void> {
    const senders = this.pc.getTransceivers().map((transceiver) => transceiver.sender);
    for (const [index, track] of tracks.entries()) {
      const sender = senders[index];
      if (sender && sender.track !== track) {
        await sender.replaceTrack(track);
        await tuneSender(sender);
      }
    }
  }

  /** Free everything here and on the server. */
  async close(): Promise<void> {
    if (this.#state === "closed") {
      return;
    }
    this.#state = "closed";
    this.#timers.forEach(clearTimeout);
    const deleted = this.#resource?.delete();
    this.pc.close();
    // When the server can't be reached, or has ended the session itself, there is nothing left to do.
    await deleted?.catch(() => undefined);
  }

  async #connect({ server, role }: SessionOptions): Promise<void> {
    await this.pc.setLocalDescription();
    await this.#gather();
    if (this.#isClosed()) {
      return;
    }
    this.#offer = this.pc.localDescription!.sdp;
    const resource = await server.offer(pathOf(role), this.#offer);
    if (this.#isClosed()) {
      void resource.delete().catch(() => undefined); // as in `close()`
      return;
    }
    this.#resource = resource;
    this.#sendCandidates();
    try {
      await this.pc.setRemoteDescription({ type: "answer", sdp: resource.answer });
    } catch (cause) {
      throw new HolisticError("refused", "the browser rejected the server's answer", { cause });
    }
    await Promise.all(this.pc.getSenders().map(tuneSender)).catch((cause: unknown) => {
      this.#events.error(new HolisticError("refused", "the browser rejected the bit rate limit", { cause }));
    });
    this.#timers.push(
      setTimeout(() => {
        if (this.#state === "connecting") {
          this.#lose(
            new HolisticError("ice-failed", `no connection within ${CONNECT_MS / 1000} s${this.#turnFailure}`),
          );
        }
      }, CONNECT_MS),
    );
    await this.#opened;
  }

  // A method, since the compiler takes a field for unchanged over an `await`.
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  async #gather(): Promise<void> {
    if (this.pc.iceGatheringState === "complete") {
      return;
    }
    await new Promise<void>((resolve) => {
      this.#timers.push(setTimeout(resolve, GATHERING_MS));
      this.pc.addEventListener("icegatheringstatechange", () => {
        if (this.pc.iceGatheringState === "complete") {
          resolve();
        }
      });
    });
  }

  /** Those before the offer is sent are part of it. */
  #trickle(candidate: RTCIceCandidate | null): void {
    if (candidate?.candidate && this.#offer !== null) {
      this.#candidates.push(candidate);
      this.#sendCandidates();
    }
  }

  #sendCandidates(): void {
    if (!this.#resource || !this.#offer || this.#candidates.length === 0) {
      return;
    }
    const fragment = candidateFragment(this.#offer, this.#candidates);
    this.#candidates = [];
    this.#resource.patch(fragment).catch((error: unknown) => {
      // Other candidates may do, and if none does, the connection fails with words of its own.
      if (this.#state === "connecting") {
        this.#events.error(error as HolisticError);
      }
    });
  }

  #noteTurnFailure({ url, errorCode, errorText }: RTCPeerConnectionIceErrorEvent): void {
    if (/^turns?:/.test(url)) {
      // Browsers report a server that can't be reached as 701.
      const failure = errorCode === 701 ? "can't be reached" : `refused: ${errorCode} ${errorText}`;
      this.#turnFailure = `; the TURN server ${url} ${failure}`;
    }
  }

  #openLandmarks(encoding: Encoding): void {
    const channel = this.pc.createDataChannel("landmarks", {
      ordered: false,
      maxRetransmits: 0,
      protocol: PROTOCOLS[encoding],
    });
    channel.binaryType = "arraybuffer";
    channel.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => {
      this.#lastMessage = performance.now();
      if (this.#state !== "closed") {
        this.#takeLandmarks(data);
      }
    });
  }

  #takeLandmarks(data: ArrayBuffer | string): void {
    let frame: HolisticFrame;
    try {
      frame = typeof data === "string" ? decodeJson(data) : decode(data);
    } catch (error) {
      this.#events.error(error as DecodeError);
      return;
    }
    if (this.#order.accepts(frame)) {
      this.#events.landmarks(frame);
    }
  }

  #openControl(): ControlChannel {
    const channel = this.pc.createDataChannel(ControlChannel.LABEL, { protocol: ControlChannel.PROTOCOL });
    channel.addEventListener("open", () => this.#watchConnection());
    channel.addEventListener("message", () => (this.#lastMessage = performance.now()));
    channel.addEventListener("close", () => {
      this.#lose(new HolisticError("connection-lost", "the server closed the connection"));
    });
    const ifOpen =
      <T>(listener: (value: T) => void) =>
      (value: T) => {
        if (this.#state !== "closed") {
          listener(value);
        }
      };
    return new ControlChannel(channel, {
      event: ifOpen((event) => {
        if (event[0] === "stats") {
          this.#adaptFps(event[1]);
        }
        this.#events.event(event);
      }),
      error: ifOpen(this.#events.error),
      end: (error) => this.#lose(error),
    });
  }

  #adaptFps({ tracks }: ServerStats): void {
    const senders = this.pc.getTransceivers().map((transceiver) => transceiver.sender);
    for (const stats of tracks) {
      const sender = senders[stats.track];
      const limit = this.#maxFps.get(stats.track) ?? null;
      // Its first second says little of a tracker.
      const next = stats.tracked > 30 ? nextMaxFps(limit, stats) : limit;
      if (sender?.track && next !== limit) {
        this.#maxFps.set(stats.track, next);
        limitFps(sender, next).catch((cause: unknown) => {
          this.#events.error(new HolisticError("refused", "the browser rejected the frame rate limit", { cause }));
        });
      }
    }
  }

  #watchConnection(): void {
    const { connectionState } = this.pc;
    if (connectionState === "failed") {
      const connecting = this.#state === "connecting";
      this.#lose(
        connecting
          ? new HolisticError(
              "ice-failed",
              `media can't get through between the browser and the server${this.#turnFailure}`,
            )
          : new HolisticError("connection-lost", "the connection was lost"),
      );
    } else if (connectionState === "connected" && this.#state === "connecting" && this.#control.isOpen) {
      this.#state = "open";
      this.#lastMessage = this.#lastCheck = performance.now();
      this.#timers.push(setInterval(() => this.#control.ping(), PING_MS));
      this.#timers.push(setInterval(() => this.#checkSilence(), SILENCE_CHECK_MS));
      if (this.#annotated.getTracks().length > 0) {
        this.#events.stream(this.#annotated);
      }
      this.#resolveOpened();
    }
  }

  #checkSilence(): void {
    const now = performance.now();
    // When this timer itself comes late, the page was stopped, and messages may wait behind it.
    const late = now - this.#lastCheck > PING_MS + SILENCE_CHECK_MS;
    this.#lastCheck = now;
    if (!late && now - this.#lastMessage > SILENCE_MS) {
      this.#lose(new HolisticError("connection-lost", `nothing came from the server for ${SILENCE_MS / 1000} s`));
    }
  }

  /** The first reason counts. */
  #lose(error: HolisticError): void {
    const before = this.#state;
    if (before === "closed") {
      return;
    }
    if (error.reason === "session-ended") {
      this.#resource = null; // Nothing to delete any more.
    }
    void this.close();
    if (before === "connecting") {
      this.#rejectOpened(error);
    } else {
      this.#events.lost(error);
    }
  }
}

/** Where the offer goes, with its query. */
function pathOf(role: Role): string {
  if ("tracks" in role) {
    return role.public ? "whip?public=true" : "whip";
  }
  const key = role.key === null ? "" : `?key=${encodeURIComponent(role.key)}`;
  return `whep/${encodeURIComponent(role.sessionId)}${key}`;
}
