/** The stage: which pictures are shown, and what lies over them. */

import { element } from "./dom.js";
import type { Translator } from "./i18n/index.js";
import { recall, remember } from "./preferences.js";
import type { Status } from "./session.js";
import { toWords } from "./words.js";

const VIEWS = ["both", "annotated", "raw"] as const;
export type View = (typeof VIEWS)[number];

export class StageView {
  readonly #translator: Translator;
  readonly #stage = element("stage", HTMLElement);
  readonly #raw = element("raw-video", HTMLVideoElement);
  readonly #annotated = element("annotated-video", HTMLVideoElement);
  readonly #mirror = element("mirror", HTMLInputElement);
  readonly #segments = [...document.querySelectorAll<HTMLInputElement>("input[name=view]")];
  readonly #error = element("error", HTMLElement);
  #status: Status;

  constructor(translator: Translator, status: Status) {
    this.#translator = translator;
    this.#status = status;
    this.#mirror.checked = recall("mirror", ["on", "off"]) === "on";
    this.#mirror.addEventListener("change", () => this.#applyMirror());
    this.#applyMirror();
    for (const segment of this.#segments) {
      segment.addEventListener("change", () => this.setView(segment.value as View));
    }
    this.setView(recall("view", VIEWS));
    for (const video of [this.#raw, this.#annotated]) {
      video.addEventListener("playing", () => video.parentElement!.classList.add("playing"));
      video.addEventListener("emptied", () => video.parentElement!.classList.remove("playing"));
    }
    translator.on("change", () => this.#show());
    // The seconds until the next attempt.
    setInterval(() => this.#show(), 250);
  }

  setView(view: View): void {
    this.#stage.dataset.view = view;
    this.#segments.forEach((segment) => (segment.checked = segment.value === view));
    remember("view", view);
  }

  nextView(): void {
    const index = VIEWS.indexOf(this.#stage.dataset.view as View);
    this.setView(VIEWS[(index + 1) % VIEWS.length]!);
  }

  toggleMirror(): void {
    this.#mirror.checked = !this.#mirror.checked;
    this.#applyMirror();
  }

  showRaw(stream: MediaStream | null): void {
    this.#raw.srcObject = stream;
  }

  showAnnotated(stream: MediaStream | null): void {
    this.#annotated.srcObject = stream;
  }

  showStatus(status: Status): void {
    this.#status = status;
    this.#show();
  }

  #applyMirror(): void {
    this.#stage.classList.toggle("mirrored", this.#mirror.checked);
    remember("mirror", this.#mirror.checked ? "on" : "off");
  }

  #show(): void {
    const { state, problem } = this.#status;
    const words = toWords(this.#status, this.#translator.messages, performance.now());
    document.body.dataset.state = state;
    setText("state", words.state);
    setText("progress-text", words.progress);
    setText("error-title", words.title);
    setText("error-remedy", words.remedy);
    setText("error-retry", words.retry);
    setText("error-detail", words.detail);
    element("empty", HTMLElement).hidden = state !== "idle";
    element("progress", HTMLElement).hidden = words.progress === "";
    this.#error.hidden = problem === null;
    this.#error.dataset.reason = problem ?? "";
  }
}

/** Leaves an element alone that has the text already, since a live region would say it again. */
function setText(id: string, text: string): void {
  const found = element(id, HTMLElement);
  if (found.textContent !== text) {
    found.textContent = text;
  }
  found.hidden = text === "";
}
