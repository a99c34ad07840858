import { Emitter } from "holistic-rtc";
import { element } from "../base/dom.js";

/**
 * Tabs after the ARIA pattern: arrows, Home and End go from one to another. A tab is `tab-NAME`, its panel `panel-NAME`.
 */
export class Tabs<Name extends string> extends Emitter<{ change: Name }> {
  readonly #names: readonly [Name, ...Name[]];
  #current: Name;

  constructor(names: readonly [Name, ...Name[]]) {
    super();
    this.#names = names;
    this.#current = names[0];
    for (const name of names) {
      const tab = this.#tab(name);
      tab.addEventListener("click", () => this.select(name));
      tab.addEventListener("keydown", (event) => this.#move(event));
    }
    this.#show();
  }

  get current(): Name {
    return this.#current;
  }

  select(name: Name): void {
    if (name !== this.#current) {
      this.#current = name;
      this.#show();
      this.emit("change", name);
    }
  }

  #show(): void {
    for (const name of this.#names) {
      const selected = name === this.#current;
      const tab = this.#tab(name);
      tab.ariaSelected = String(selected);
      tab.tabIndex = selected ? 0 : -1;
      element(`panel-${name}`, HTMLElement).hidden = !selected;
    }
  }

  #move(event: KeyboardEvent): void {
    const names = this.#names;
    const index = names.indexOf(this.#current);
    const next = {
      ArrowRight: names[(index + 1) % names.length],
      ArrowLeft: names.at(index - 1),
      Home: names[0],
      End: names.at(-1),
    }[event.key];
    if (next !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.select(next);
      this.#tab(next).focus();
    }
  }

  #tab(name: Name): HTMLElement {
    return element(`tab-${name}`, HTMLElement);
  }
}

/** The tab that an address names after its `#`, beside a token; the first one if it names none. */
export function tabInHash<Name extends string>(hash: string, names: readonly [Name, ...Name[]]): Name {
  const words = hash.slice(1).split("&");
  return names.find((name) => words.includes(name)) ?? names[0];
}

/** The hash with the tab's name, which the first one does without. */
export function hashWithTab<Name extends string>(hash: string, names: readonly [Name, ...Name[]], name: Name): string {
  const others = hash
    .slice(1)
    .split("&")
    .filter((word) => word !== "" && !names.some((known) => known === word));
  const words = name === names[0] ? others : [...others, name];
  return words.length > 0 ? `#${words.join("&")}` : "";
}
