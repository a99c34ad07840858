/** One line under the picture that says what keeps the landmarks from being good. */

import type { HolisticFrame } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import type { Figures } from "../inspector/figures.js";
import { findHint, type Hint, SteadyHint } from "./hints.js";
import { texts } from "./i18n.js";

/** Of what the brightness is taken from. */
const WIDTH = 16;
const HEIGHT = 12;

export class HintsView {
  readonly #translator: Translator;
  readonly #line = element("hint", HTMLElement);
  readonly #context = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true })!;
  /** The video that is sent. */
  track: MediaStreamTrack | null = null;
  #steady = new SteadyHint();
  #hint: Hint | null = null;
  #frame: HolisticFrame | null = null;
  #dropped = 0;

  constructor(translator: Translator) {
    this.#translator = translator;
    translator.on("change", () => this.#show());
  }

  /** To be called with each frame. */
  see(frame: HolisticFrame): void {
    this.#frame = frame;
  }

  /** To be called once a second. @param figures - null while there is no connection. */
  update(figures: Figures | null): void {
    const total = figures?.dropped ?? 0;
    const dropped = Math.max(0, total - this.#dropped);
    this.#dropped = total;
    if (figures) {
      this.#hint = this.#steady.next(
        findHint({
          frame: this.#frame,
          brightness: this.#brightness(),
          figures,
          dropped,
          limited: hasHighestRate(this.track),
        }),
      );
    } else {
      this.#steady = new SteadyHint();
      this.#hint = null;
    }
    this.#frame = null;
    this.#show();
  }

  #show(): void {
    const text = this.#hint ? texts[this.#translator.language].hints[this.#hint] : "";
    if (this.#line.textContent !== text) {
      this.#line.textContent = text; // Only then, since it is a live region.
    }
  }

  /** Of a video that is shown: browsers needn't decode the others. */
  #brightness(): number | null {
    const video = [...document.querySelectorAll<HTMLVideoElement>("#stage video")].find(
      ({ offsetWidth, videoWidth }) => offsetWidth > 0 && videoWidth > 0,
    );
    if (!video) {
      return null;
    }
    this.#context.drawImage(video, 0, 0, WIDTH, HEIGHT);
    const { data } = this.#context.getImageData(0, 0, WIDTH, HEIGHT);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) {
      sum += 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
    }
    return sum / 255 / (WIDTH * HEIGHT);
  }
}

/** The client library sets one, as long as the server can't track as many frames as come. */
function hasHighestRate(track: MediaStreamTrack | null): boolean {
  const rate = track?.getConstraints().frameRate;
  return typeof rate === "object" && rate.max !== undefined;
}
