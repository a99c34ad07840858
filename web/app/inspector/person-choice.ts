/** Selects a person by id, while several people are in the picture; shows their landmarks. */

import { Emitter, type HolisticFrame, PALETTE } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import { Persons } from "./persons.js";

export class PersonChoice extends Emitter<{ change: number }> {
  readonly #persons = new Persons();
  readonly #translator: Translator;
  readonly #group = element("persons", HTMLFieldSetElement);
  #buttons = new Map<number, HTMLInputElement>();

  constructor(translator: Translator) {
    super();
    this.#translator = translator;
    translator.on("change", () => this.#make());
  }

  /** @returns whether this frame is of the person to show. */
  take(frame: HolisticFrame, now: number): boolean {
    this.#persons.see(frame.person, now);
    this.#update();
    return frame.person === this.#persons.shown;
  }

  /** @returns that of the person to show, among those in one picture. */
  pick(frames: readonly HolisticFrame[]): HolisticFrame | null {
    this.#persons.clear();
    frames.forEach(({ person }) => this.#persons.see(person, 0));
    this.#update();
    return frames.find(({ person }) => person === this.#persons.shown) ?? null;
  }

  clear(): void {
    this.#persons.clear();
    this.#update();
  }

  #update(): void {
    const { present, shown } = this.#persons;
    if (present.join() !== [...this.#buttons.keys()].join()) {
      this.#make();
    }
    this.#buttons.forEach((button, person) => (button.checked = person === shown));
    this.#group.hidden = present.length < 2;
  }

  #make(): void {
    const focused = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    const legend = this.#group.querySelector("legend")!;
    this.#group.replaceChildren(legend);
    this.#buttons = new Map(this.#persons.present.map((person) => [person, this.#makeButton(person)]));
    if (focused !== undefined) {
      this.#buttons.get(focused)?.focus();
    }
  }

  #makeButton(person: number): HTMLInputElement {
    const button = document.createElement("input");
    button.type = "radio";
    button.name = "person";
    button.value = String(person);
    button.ariaLabel = this.#translator.messages.person(person);
    button.checked = person === this.#persons.shown;
    button.addEventListener("change", () => {
      this.#persons.choose(person);
      this.emit("change", person);
    });
    const text = document.createElement("span");
    text.textContent = String(person);
    text.style.setProperty("--part", PALETTE.persons[person % PALETTE.persons.length]!);
    const label = document.createElement("label");
    label.append(button, text);
    this.#group.append(label);
    return button;
  }
}
