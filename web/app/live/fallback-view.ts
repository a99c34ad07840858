/** Snapshots in place of live video: offers them, and says how they go. */

import type { HolisticError } from "holistic-rtc";
import { element, setText } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import type { PageSession } from "../publish/session.js";
import { Rate, type TimedSnapshot } from "../publish/snapshot-loop.js";
import { toTrouble, troubleWords } from "../snapshot/words.js";
import { texts } from "./i18n.js";

export class FallbackView {
  readonly #session: PageSession;
  readonly #translator: Translator;
  readonly #notice = element("snapshots-notice", HTMLElement);
  readonly #canvas = element("annotated-picture", HTMLCanvasElement);
  readonly #offer = document.createElement("button");
  #rate = new Rate();
  /** What keeps the next picture waiting. */
  #wait: { error: HolisticError; until: number } | null = null;

  constructor(session: PageSession, translator: Translator) {
    this.#session = session;
    this.#translator = translator;
    this.#offer.type = "button";
    this.#offer.hidden = true;
    this.#offer.dataset.testid = "use-snapshots";
    this.#offer.dataset.i18n = "live.fallback.use";
    this.#offer.addEventListener("click", () => void session.useSnapshots());
    element("error-buttons", HTMLElement).append(this.#offer);
    element("try-live", HTMLButtonElement).addEventListener("click", () => void session.useLive());
    session.on("status", () => this.#follow());
    session.on("snapshot", (snapshot) => this.#show(snapshot));
    session.on("wait", ({ error, ms }) => {
      this.#wait = { error, until: performance.now() + ms };
      this.#update();
    });
    translator.on("change", () => this.#update());
    // The seconds until the next picture.
    setInterval(() => this.#wait && this.#update(), 250);
  }

  #follow(): void {
    const { state } = this.#session.status;
    this.#offer.hidden = state !== "waiting" && state !== "reconnecting";
    this.#notice.hidden = state !== "snapshots";
    this.#wait = null;
    this.#rate = new Rate();
    this.#canvas.width = this.#canvas.height = 0;
    this.#setFigures(null, null, null);
    this.#update();
  }

  #show({ picture, roundTripMs, milliseconds }: TimedSnapshot): void {
    this.#setFigures(this.#rate.count(performance.now()), roundTripMs, milliseconds);
    if (this.#wait) {
      this.#wait = null;
      this.#update();
    }
    void this.#draw(picture);
  }

  async #draw(picture: Blob): Promise<void> {
    const bitmap = await createImageBitmap(picture);
    if (this.#session.status.state === "snapshots") {
      this.#canvas.width = bitmap.width;
      this.#canvas.height = bitmap.height;
      this.#canvas.getContext("2d", { alpha: false })!.drawImage(bitmap, 0, 0);
    }
    bitmap.close();
  }

  #setFigures(rate: number | null, roundTripMs: number | null, serverMs: number | null): void {
    element("snapshots-rate", HTMLElement).textContent = rate?.toFixed(1) ?? "–";
    element("snapshots-round-trip", HTMLElement).textContent = roundTripMs?.toFixed(0) ?? "–";
    element("snapshots-server", HTMLElement).textContent = serverMs?.toFixed(0) ?? "–";
  }

  #update(): void {
    const { messages } = this.#translator;
    const { title, noWayTitle, text, noWayText } = texts[this.#translator.language].fallback;
    const noWay = this.#session.status.problem === "ice-failed";
    const trouble = this.#wait && troubleWords(toTrouble(this.#wait.error), messages);
    const seconds = this.#wait ? Math.ceil((this.#wait.until - performance.now()) / 1000) : 0;
    this.#notice.classList.toggle("in-trouble", trouble !== null);
    setText("snapshots-title", trouble?.title ?? (noWay ? noWayTitle : title));
    setText("snapshots-text", trouble?.remedy ?? (noWay ? noWayText : text));
    setText("snapshots-retry", trouble ? (seconds > 0 ? messages.retryIn(seconds) : messages.retryNow) : "");
  }
}
