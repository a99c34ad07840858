/** Says how a page's connection stands: in the header, and over the stage when it isn't well. */

import { element, setText } from "../base/dom.js";
import type { Messages, Translator } from "../i18n/index.js";
import { IDLE, type Status } from "./status.js";
import { toWords } from "./words.js";

export class StatusView {
  readonly #translator: Translator;
  readonly #adapt: (messages: Messages) => Messages;
  readonly #error = element("error", HTMLElement);
  #status = IDLE;

  /**
   * @param adapt - puts the page's own words in the place of the general ones.
   */
  constructor(translator: Translator, adapt: (messages: Messages) => Messages) {
    this.#translator = translator;
    this.#adapt = adapt;
    translator.on("change", () => this.#update());
    // The seconds until the next attempt.
    setInterval(() => this.#update(), 250);
  }

  show(status: Status): void {
    this.#status = status;
    this.#update();
  }

  #update(): void {
    const { state, problem } = this.#status;
    const words = toWords(this.#status, this.#adapt(this.#translator.messages), performance.now());
    document.body.dataset.state = state;
    setText("state", words.state);
    setText("progress-text", words.progress);
    setText("error-title", words.title);
    setText("error-remedy", words.remedy);
    setText("error-retry", words.retry);
    setText("error-detail", words.detail);
    element("empty", HTMLElement).hidden = state !== "idle";
    element("progress", HTMLElement).hidden = words.progress === "";
    this.#error.hidden = problem === null || state === "snapshots";
    this.#error.dataset.reason = problem ?? "";
  }
}
