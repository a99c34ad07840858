/** Offers the link to the viewer of the session that runs on this page. */

import type { HolisticClient } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import { makeCopyButton } from "../shell/buttons.js";

export class Share {
  readonly #button = element("share-button", HTMLButtonElement);
  readonly #popover = element("share", HTMLElement);
  readonly #link = element("share-link", HTMLInputElement);
  readonly #open = element("share-open", HTMLAnchorElement);

  constructor(client: HolisticClient, translator: Translator) {
    this.#link.addEventListener("focus", () => this.#link.select());
    makeCopyButton(element("share-copy", HTMLButtonElement), translator, () => this.#link.value);
    client.on("state", () =>
      this.#show(client.state === "connected" ? (client.name ?? client.sessionId) : null, client.viewingKey),
    );
  }

  toggle(): void {
    if (!this.#button.hidden) {
      this.#popover.togglePopover();
    }
  }

  #show(sessionId: string | null, key: string | null): void {
    this.#button.hidden = sessionId === null;
    if (sessionId === null) {
      this.#popover.hidePopover();
    } else {
      const url = new URL(`view/${encodeURIComponent(sessionId)}`, document.baseURI);
      url.hash = key === null ? "" : `key=${key}`;
      this.#link.value = this.#open.href = url.href;
    }
  }
}
