/** Says how a page's connection stands: in the header, and over the stage when it isn't well. */

import { element, setText } from "../base/dom.js";
import type { Messages, Translator } from "../i18n/index.js";
import { type Remedy, remediesFor } from "./remedies.js";
import { IDLE, type Status } from "./status.js";
import { toWords } from "./words.js";

/** What the buttons of the card do that says what went wrong. */
export interface Remedies {
  /** Try the same again. */
  retry?: () => void;
  /** Send the sample clip in place of the camera. */
  sample?: () => void;
  /** Where the page shows a session, of which there may be others. */
  sessions?: true;
}

export class StatusView {
  readonly #translator: Translator;
  readonly #adapt: (messages: Messages) => Messages;
  readonly #error = element("error", HTMLElement);
  readonly #retry = element("retry", HTMLButtonElement);
  readonly #sample = element("retry-with-sample", HTMLButtonElement);
  readonly #sessions = element("other-sessions", HTMLAnchorElement);
  #remedies: Remedies = {};
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
    const main = document.querySelector("main")!;
    main.tabIndex = -1;
    for (const [button, name] of [
      [this.#retry, "retry"],
      [this.#sample, "sample"],
    ] as const) {
      button.addEventListener("click", () => {
        main.focus({ preventScroll: true }); // Since the card goes.
        this.#remedies[name]?.();
      });
    }
  }

  offer(remedies: Remedies): void {
    this.#remedies = remedies;
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
    const helping = remediesFor(this.#status, Object.keys(this.#remedies) as Remedy[]);
    this.#retry.hidden = !helping.includes("retry");
    this.#sample.hidden = !helping.includes("sample");
    this.#sessions.hidden = !helping.includes("sessions");
  }
}
