/** Shows figures of a connection, once a second. */

import { Emitter, type HolisticClient } from "holistic-rtc";
import type { Messages, Translator } from "../i18n/index.js";
import { makeFigure } from "./figure.js";
import { type Figures, type Sample, toFigures, toSample, totalDelay } from "./figures.js";
import { Sparkline } from "./sparkline.js";

const UNKNOWN = "–";
/** Seconds that the lines show. */
const HISTORY = 60;

interface Card {
  name: keyof Messages["figures"];
  testid: string;
  unit: string;
  show: (figures: Figures) => string | null;
  /** What the card's line shows, if it has one. */
  line?: (figures: Figures) => number | null;
}

const round = (value: number | null) => (value === null ? null : Math.round(value).toString());
const megabits = (bits: number | null) => (bits === null ? UNKNOWN : (bits / 1e6).toFixed(1));

const delay: Card = {
  name: "delay",
  testid: "delay",
  unit: "ms",
  show: ({ delay }) => delay && round(totalDelay(delay)),
  line: ({ delay }) => delay && totalDelay(delay),
};
const fpsReceived: Card = {
  name: "fpsReceived",
  testid: "fps-received",
  unit: "fps",
  show: (figures) => round(figures.fpsReceived),
  line: (figures) => figures.fpsReceived,
};
const fpsSent: Card = { name: "fpsSent", testid: "fps-sent", unit: "fps", show: (figures) => round(figures.fpsSent) };
const trackerMs: Card = {
  name: "trackerMs",
  testid: "tracker-ms",
  unit: "ms",
  show: (figures) => figures.trackerMs?.toFixed(1) ?? null,
};
const rtt: Card = {
  name: "rtt",
  testid: "rtt",
  unit: "ms",
  show: (figures) => figures.roundTripMs?.toFixed(1) ?? null,
};
const dropped: Card = {
  name: "dropped",
  testid: "dropped",
  unit: "",
  show: ({ dropped, droppedShare }) =>
    dropped === null ? null : `${dropped}${droppedShare === null ? "" : ` · ${(droppedShare * 100).toFixed(0)} %`}`,
};
const bitrate: Card = {
  name: "bitrate",
  testid: "bitrate",
  unit: "Mbit/s",
  show: ({ bitsSent, bitsReceived }) =>
    bitsSent === null && bitsReceived === null ? null : `${megabits(bitsSent)} / ${megabits(bitsReceived)}`,
};
const bitsReceived: Card = {
  name: "bitsReceived",
  testid: "bits-received",
  unit: "Mbit/s",
  show: (figures) => (figures.bitsReceived === null ? null : megabits(figures.bitsReceived)),
};
const resolution: Card = {
  name: "resolution",
  testid: "resolution",
  unit: "",
  show: ({ resolution }) => resolution && `${resolution.width} × ${resolution.height}`,
};
const model: Card = {
  name: "model",
  testid: "model",
  unit: "",
  show: ({ model }) => model && `${model.origin} · ${model.poseModel}`,
};

/** What interests who sends a camera, and who watches a session. */
export const PUBLISHED = [delay, fpsReceived, fpsSent, trackerMs, rtt, dropped, bitrate, resolution, model];
export const WATCHED = [fpsReceived, model, trackerMs, bitsReceived, resolution, rtt];

interface ShownCard {
  card: Card;
  value: HTMLElement;
  line: Sparkline | null;
}

/** `figures` comes once a second: null while there is no connection. */
export class FiguresView extends Emitter<{ figures: Figures | null }> {
  readonly #client: HolisticClient;
  readonly #translator: Translator;
  readonly #cards: ShownCard[];
  readonly #delaySum = document.createElement("span");
  #connection: RTCPeerConnection | null = null;
  #before: Sample | null = null;

  constructor(container: HTMLElement, cards: readonly Card[], client: HolisticClient, translator: Translator) {
    super();
    this.#client = client;
    this.#translator = translator;
    this.#cards = cards.map((card) => this.#make(card, container));
    setInterval(() => void this.#update(), 1000);
    // Escape closes the hint that is shown, so that what it covers can be seen.
    addEventListener("keydown", ({ key }) => key === "Escape" && container.classList.add("dismissed"));
    for (const type of ["pointerleave", "focusout"]) {
      container.addEventListener(type, () => container.classList.remove("dismissed"));
    }
  }

  #make(card: Card, container: HTMLElement): ShownCard {
    const { box, content, value } = makeFigure(`figures.${card.name}`, card.testid, card.unit);
    box.classList.add(`figure-${card.name}`);
    box.tabIndex = 0;
    value.textContent = UNKNOWN;
    const tip = document.createElement("dd");
    tip.className = "tip";
    tip.id = `tip-${card.name}`;
    tip.role = "tooltip";
    const text = document.createElement("span");
    text.dataset.i18n = `tips.${card.name}`;
    tip.append(text);
    if (card.name === "delay") {
      tip.append(" ", this.#delaySum);
    }
    box.setAttribute("aria-describedby", tip.id);
    const line = card.line ? new Sparkline(content, HISTORY) : null;
    box.append(tip);
    container.append(box);
    return { card, value, line };
  }

  async #update(): Promise<void> {
    const connection = this.#client.peerConnection;
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#before = null;
    }
    if (!connection) {
      this.#clear();
      this.emit("figures", null);
      return;
    }
    const reports = await connection.getStats();
    if (connection !== this.#client.peerConnection) {
      return;
    }
    const now = toSample(reports.values() as Iterable<Record<string, unknown>>);
    const figures = toFigures(this.#before, now, this.#client.stats, this.#client.roundTripMs);
    this.#show(figures);
    this.emit("figures", figures);
    this.#before = now;
  }

  #show(figures: Figures): void {
    for (const { card, value, line } of this.#cards) {
      value.textContent = card.show(figures) ?? UNKNOWN;
      line?.push(card.line!(figures));
    }
    const { delay } = figures;
    this.#delaySum.textContent = delay
      ? this.#translator.messages.delaySum({
          encode: Math.round(delay.encode),
          roundTrip: Math.round(delay.roundTrip),
          server: Math.round(delay.server),
          jitterBuffer: Math.round(delay.jitterBuffer),
          decode: Math.round(delay.decode),
        })
      : "";
  }

  #clear(): void {
    for (const { value, line } of this.#cards) {
      value.textContent = UNKNOWN;
      line?.clear();
    }
    this.#delaySum.textContent = "";
  }
}
