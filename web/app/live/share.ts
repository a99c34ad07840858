/** Offers the link to the viewer of the session that runs on this page, and a name that makes the link last. */

import { Emitter, type HolisticClient } from "holistic-rtc";
import { renderSVG } from "uqr";
import { element, setText } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import { makeCopyButton } from "../shell/buttons.js";
import { texts } from "./i18n.js";
import { baseForOthers, readLocalNetwork } from "./local-network.js";

export class Share extends Emitter<{ name: string }> {
  readonly #translator: Translator;
  readonly #base = baseForOthers(document.baseURI, readLocalNetwork());
  readonly #button = element("share-button", HTMLButtonElement);
  readonly #popover = element("share", HTMLElement);
  readonly #link = element("share-link", HTMLInputElement);
  readonly #open = element("share-open", HTMLAnchorElement);
  readonly #code = element("share-code", HTMLImageElement);
  readonly #name = element("share-name", HTMLInputElement);
  /** Whether to show the new link when the session is live under its new name. */
  #renamed = false;

  constructor(client: HolisticClient, translator: Translator) {
    super();
    this.#translator = translator;
    this.#link.addEventListener("focus", () => this.#link.select());
    makeCopyButton(element("share-copy", HTMLButtonElement), translator, () => this.#link.value);
    element("share-rename", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#renamed = true;
      this.emit("name", this.#name.value);
    });
    this.#popover.addEventListener("beforetoggle", () => (this.#name.value = client.name ?? ""));
    translator.on("change", () => this.#say());
    client.on("state", ({ state }) => {
      this.#renamed &&= state !== "failed";
      this.#show(state === "connected" ? (client.name ?? client.sessionId) : null, client.viewingKey);
    });
  }

  toggle(): void {
    if (!this.#button.hidden) {
      this.#popover.togglePopover();
    }
  }

  #show(session: string | null, key: string | null): void {
    this.#button.hidden = session === null;
    if (session === null) {
      this.#popover.hidePopover();
      return;
    }
    const path = `view/${encodeURIComponent(session)}`;
    const hash = key === null ? "" : `#key=${key}`;
    this.#open.href = new URL(path, document.baseURI).href + hash;
    this.#link.value = new URL(path, this.#base ?? document.baseURI).href + hash;
    this.#code.hidden = this.#base === null;
    this.#code.src = `data:image/svg+xml,${encodeURIComponent(renderSVG(this.#link.value, { border: 2 }))}`;
    this.#say();
    if (this.#renamed) {
      this.#renamed = false;
      this.#popover.showPopover();
    }
  }

  #say(): void {
    const words = texts[this.#translator.language];
    setText("share-local", this.#base === null ? words.shareLocal : "");
    this.#code.alt = words.shareCode;
  }
}
