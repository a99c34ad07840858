/** Shows what is in the landmark messages: points, blendshapes, and the newest frame as JSON. */

import { BLENDSHAPE_NAMES, type HolisticFrame, type Part } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Messages, Translator } from "../i18n/index.js";
import { makeCopyButton } from "../shell/buttons.js";
import { formatFrame } from "./frame-text.js";
import { PersonChoice } from "./person-choice.js";

const BARS_MS = 100;
const JSON_MS = 250;

const PARTS: readonly { name: keyof Messages["parts"]; part: Part; field: keyof HolisticFrame; count: number }[] = [
  { name: "pose", part: "pose", field: "poseLandmarks", count: 33 },
  { name: "face", part: "face", field: "faceLandmarks", count: 478 },
  { name: "leftHand", part: "left_hand", field: "leftHandLandmarks", count: 21 },
  { name: "rightHand", part: "right_hand", field: "rightHandLandmarks", count: 21 },
];

interface Bar {
  name: string;
  row: HTMLElement;
  fill: HTMLElement;
  value: HTMLElement;
  score: number;
}

export class Inspector {
  readonly #translator: Translator;
  readonly #choice: PersonChoice;
  readonly #points = new Map<string, HTMLElement>();
  readonly #bars: Bar[];
  readonly #list = element("blendshapes", HTMLElement);
  readonly #json = element("frame-json", HTMLElement);
  readonly #filter = element("filter", HTMLInputElement);
  readonly #strongest = element("strongest", HTMLInputElement);
  readonly #all = element("all-points", HTMLInputElement);
  readonly #pause = element("pause", HTMLButtonElement);
  readonly #heading = element("points-heading", HTMLElement);
  #tracked: readonly Part[] | null = null;
  #frame: HolisticFrame | null = null;
  #stills: readonly HolisticFrame[] = [];
  #paused = false;
  #barsAt = 0;
  #jsonAt = 0;

  constructor(translator: Translator) {
    this.#translator = translator;
    this.#choice = new PersonChoice(translator);
    this.#choice.on("change", () => this.#stills.length > 0 && this.showStill(this.#stills));
    this.#makePoints();
    this.#bars = this.#makeBars();
    this.#filter.addEventListener("input", () => this.#filterBars());
    this.#strongest.addEventListener("change", () => this.#orderBars());
    this.#all.addEventListener("change", () => this.#showJson());
    this.#pause.addEventListener("click", () => this.#togglePause());
    makeCopyButton(element("copy", HTMLButtonElement), translator, () => JSON.stringify(this.#frame, null, 2));
    translator.on("change", () => this.#translate());
  }

  /** To be called with the parts that the server sends. Until then they aren't known. */
  setTracked(parts: readonly Part[]): void {
    this.#tracked = parts;
  }

  /** To be called with each person's frames; most only replace the one before. */
  show(frame: HolisticFrame): void {
    const now = performance.now();
    this.#stills = [];
    if (!this.#choice.take(frame, now)) {
      return;
    }
    if (!this.#paused) {
      this.#frame = frame;
    }
    if (now - this.#barsAt >= BARS_MS) {
      this.#barsAt = now;
      this.#showPoints(frame);
      this.#showBars(frame);
    }
    if (!this.#paused && now - this.#jsonAt >= JSON_MS) {
      this.#jsonAt = now;
      this.#showJson();
    }
  }

  /** Nothing is tracked any more. The JSON stays, to be read. */
  clear(): void {
    this.#choice.clear();
    this.#showPoints(null);
    this.#showBars(null);
  }

  /** The people in a picture that stays, until the next one; none when there is no picture. */
  showStill(frames: readonly HolisticFrame[]): void {
    const frame = this.#choice.pick(frames);
    this.#stills = frames;
    this.#frame = frame;
    this.#paused = false;
    this.#showBars(frame);
    this.#translate();
  }

  #makePoints(): void {
    const list = element("points", HTMLElement);
    for (const { name } of PARTS) {
      const row = document.createElement("div");
      row.className = `points-row part-${name}`;
      const label = document.createElement("dt");
      label.dataset.i18n = `parts.${name}`;
      const value = document.createElement("dd");
      row.append(label, value);
      list.append(row);
      this.#points.set(name, value);
    }
  }

  #showPoints(frame: HolisticFrame | null): void {
    const { notSeen, notTracked } = this.#translator.messages;
    for (const { name, part, field, count } of PARTS) {
      const found = frame ? ((frame[field] as unknown[][])[0]?.length ?? 0) : 0;
      const value = this.#points.get(name)!;
      const absent = this.#tracked?.includes(part) === false ? notTracked : notSeen;
      value.textContent = found > 0 ? `${found} / ${count}` : absent;
      value.parentElement!.classList.toggle("seen", found > 0);
    }
  }

  #makeBars(): Bar[] {
    return BLENDSHAPE_NAMES.map((name) => {
      const row = document.createElement("li");
      const label = document.createElement("span");
      label.textContent = name;
      const track = document.createElement("span");
      track.className = "bar";
      const fill = document.createElement("span");
      track.append(fill);
      const value = document.createElement("span");
      value.className = "bar-value";
      row.append(label, track, value);
      this.#list.append(row);
      return { name, row, fill, value, score: -1 };
    });
  }

  #showBars(frame: HolisticFrame | null): void {
    const categories = frame?.faceBlendshapes[0]?.categories;
    this.#list.classList.toggle("without-face", !categories);
    this.#bars.forEach((bar, index) => {
      const score = categories?.[index]?.score ?? 0;
      if (score !== bar.score) {
        bar.score = score;
        bar.fill.style.transform = `scaleX(${score.toFixed(3)})`;
        bar.value.textContent = score.toFixed(2);
      }
    });
    if (this.#strongest.checked) {
      this.#orderBars();
    }
  }

  #filterBars(): void {
    const wanted = this.#filter.value.trim().toLowerCase();
    for (const { name, row } of this.#bars) {
      row.hidden = !name.toLowerCase().includes(wanted);
    }
  }

  #orderBars(): void {
    const strongest = this.#strongest.checked;
    const order = strongest ? [...this.#bars].sort((a, b) => b.score - a.score) : this.#bars;
    order.forEach(({ row }, index) => (row.style.order = String(index)));
  }

  #showJson(): void {
    if (this.#frame) {
      const { morePoints } = this.#translator.messages;
      this.#json.textContent = formatFrame(this.#frame, this.#all.checked ? Infinity : 2, morePoints);
    } else {
      this.#json.textContent = this.#translator.messages.noFrame;
    }
  }

  #togglePause(): void {
    this.#paused = !this.#paused;
    this.#translate();
  }

  #translate(): void {
    const { messages } = this.#translator;
    this.#heading.title = messages.pointsTip;
    this.#pause.ariaPressed = String(this.#paused);
    this.#pause.textContent = this.#paused ? messages.resume : messages.pause;
    this.#showPoints(this.#frame);
    this.#showJson();
  }
}
