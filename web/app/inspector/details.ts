/** Folds what there is to know besides the picture: figures of the connection, and the landmarks. */

import { recall, remember } from "../base/preferences.js";

/** Where there is room for them beside the picture. */
const WIDE = "(min-width: 1160px)";

export class Details {
  readonly #buttons = document.querySelectorAll<HTMLButtonElement>("button[data-details]");
  #open: boolean;

  constructor() {
    this.#open = recall("details", matchMedia(WIDE).matches ? ["open", "closed"] : ["closed", "open"]) === "open";
    this.#buttons.forEach((button) => {
      button.setAttribute("aria-controls", "inspector");
      button.addEventListener("click", () => this.toggle());
    });
    this.#show();
  }

  toggle(): void {
    this.#open = !this.#open;
    remember("details", this.#open ? "open" : "closed");
    this.#show();
  }

  #show(): void {
    document.body.toggleAttribute("data-folded", !this.#open);
    this.#buttons.forEach((button) => (button.ariaExpanded = String(this.#open)));
  }
}
