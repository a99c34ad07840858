/** A publisher's or a subscriber's end of a session: a peer connection, its data channels, and its place on the server. */

import { ControlChannel } from "./control.js";
import { decode } from "./decode.js";
import { DecodeError, HolisticError } from "./errors.js";
import type { EventOf } from "./events.js";
import { candidateFragment, withFragment } from "./fragment.js";
import { FrameRates } from "./frame-rate.js";
import type { HolisticFrame } from "./frame.js";
import { decodeJson } from "./json.js";
import { offerToReceive, offerTrack, tuneReceiver, tuneSender } from "./media.js";
import type { ServerEvents } from "./messages.js";
import { FrameOrder } from "./order.js";
import { pathOf, type Role } from "./role.js";
import type { Resource, Server } from "./signalling.js";
import { abortable, sleep } from "./timing.js";
import type { FromClient } from "./wire.js";

/** Candidates found by then go into the offer, later ones are sent after it. */
const GATHERING_MS = 250;
/** From the answer until the channels must be open. */
const CONNECT_MS = 15_000;
const PING_MS = 1000;
/** Without a message for so long, the server is gone. */
const SILENCE_MS = 3000;
const SILENCE_CHECK_MS = 250;
/** Without a message for so long, the path may be gone, so another one is looked for; and so often. */
const QUIET_MS = 1200;
const DELETE_WAIT_MS = 500;

export type Encoding = "flatbuffers" | "json";

const PROTOCOLS: Record<Encoding, string> = { flatbuffers: "holistic.v1.fb", json: "holistic.v1.json" };

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
  readonly #server: Server;
  readonly #events: SessionEvents;
  readonly #control: ControlChannel;
  readonly #annotated = new MediaStream();
  readonly #order = new FrameOrder();
  readonly #frameRates = new FrameRates();
  readonly #opened: Promise<void>;
  #resolveOpened!: () => void;
  #rejectOpened!: (error: HolisticError) => void;
  #state: "connecting" | "open" | "closed" = "connecting";
  #resource: Resource | null = null;
  #offer: string | null = null;
  #restartedAt = 0;
  #restarting = false;
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
    const viewing = "sessionId" in role && role.key !== null ? { session: role.sessionId, key: role.key } : undefined;
    const configuration = await abortable(server.getConfiguration(viewing), signal);
    const session = new Session(configuration, options, events);
    try {
      await abortable(session.#connect(role), signal);
    } catch (error) {
      void session.close();
      throw error;
    }
    return session;
  }

  private constructor(
    configuration: RTCConfiguration,
    { server, role, encoding }: SessionOptions,
    events: SessionEvents,
  ) {
    this.#server = server;
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
      if (role.audio) {
        this.pc.addTransceiver("audio", { direction: "recvonly" });
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
        await this.#frameRates.limit(track, index);
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
    void this.#frameRates.release(this.#tracks()).catch(() => undefined); // They may have ended.
    // When the server can't be reached, or has ended the session itself, there is nothing left to do.
    const deleted = this.#resource?.delete().catch(() => undefined);
    await Promise.race([deleted, sleep(DELETE_WAIT_MS)]); // If the connection closed first, DELETE would get a 404.
    this.pc.close();
    await deleted;
  }

  async #connect(role: Role): Promise<void> {
    await this.pc.setLocalDescription();
    await this.#gather();
    if (this.#isClosed()) {
      return;
    }
    this.#offer = this.pc.localDescription!.sdp;
    const resource = await this.#server.offer(pathOf(role), this.#offer);
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
    if (!this.#resource || !this.#offer || this.#restarting || this.#candidates.length === 0) {
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
          this.#frameRates.follow(event[1].tracks, this.#tracks()).catch(
            ifOpen((cause: unknown) => {
              this.#events.error(new HolisticError("refused", "the browser rejected the frame rate limit", { cause }));
            }),
          );
        }
        this.#events.event(event);
      }),
      error: ifOpen(this.#events.error),
      end: (error) => this.#lose(error),
    });
  }

  #tracks(): (MediaStreamTrack | null)[] {
    return this.pc.getTransceivers().map(({ sender }) => sender.track);
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
    } else if (!late && now - Math.max(this.#lastMessage, this.#restartedAt) > QUIET_MS) {
      this.#restartedAt = now;
      void this.#restartIce();
    }
  }

  /** Keep the session on another path, for example of a phone that has left Wi-Fi. */
  async #restartIce(): Promise<void> {
    if (this.#restarting || !this.#resource) {
      return;
    }
    this.#restarting = true;
    try {
      await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: true }));
      this.#offer = this.pc.localDescription!.sdp;
      const fragment = await this.#resource.restart(candidateFragment(this.#offer, []));
      await this.pc.setRemoteDescription({ type: "answer", sdp: withFragment(this.#resource.answer, fragment) });
      this.#lastMessage = performance.now(); // The server is there, and has given the new path as much time.
    } catch (error) {
      // Without a network, there will be another attempt, or the connection is lost.
      const unreachable = error instanceof HolisticError && error.reason === "server-unreachable";
      if (unreachable && (await this.#server.outlives(this.#resource))) {
        this.#lose(new HolisticError("connection-lost", "the node that had the session has ended"));
      }
    }
    this.#restarting = false;
    this.#sendCandidates();
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
