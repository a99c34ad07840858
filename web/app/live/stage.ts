/** The live page's stage: which pictures are shown, and whether they are mirrored. */

import { element, fadeIn } from "../base/dom.js";
import { recall, remember } from "../base/preferences.js";
import { bindSwitch } from "../base/switch.js";

const VIEWS = ["annotated", "both", "raw"] as const;
export type View = (typeof VIEWS)[number];

export class StageView {
  readonly #stage = element("stage", HTMLElement);
  readonly #raw = element("raw-video", HTMLVideoElement);
  readonly #annotated = element("annotated-video", HTMLVideoElement);
  readonly #mirror = element("mirror", HTMLInputElement);
  readonly #segments = [...document.querySelectorAll<HTMLInputElement>("input[name=view]")];

  constructor() {
    bindSwitch(this.#mirror, "mirror", (on) => this.#stage.classList.toggle("mirrored", on));
    for (const segment of this.#segments) {
      segment.addEventListener("change", () => this.setView(segment.value as View));
    }
    this.setView(recall("view", VIEWS));
    fadeIn(this.#raw);
    fadeIn(this.#annotated);
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
    this.#mirror.click();
  }

  showRaw(stream: MediaStream | null): void {
    this.#raw.srcObject = stream;
  }

  showAnnotated(stream: MediaStream | null): void {
    this.#annotated.srcObject = stream;
  }
}
