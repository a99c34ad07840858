/**
 * Other pages, shown beside the session that runs on this one: going there by the menu would end it.
 *
 * They are frames that watch the session, so each page stays a document of its own.
 */

import type { HolisticClient } from "holistic-rtc";
import { element } from "../base/dom.js";

type Client = Pick<HolisticClient, "on" | "state" | "name" | "sessionId" | "viewingKey">;

/** The page at a link of the menu, for a session that it is to show. */
const COMPANIONS: Readonly<Record<string, (session: string) => string>> = {
  index: (session) => `view/${session}`,
  view: (session) => `view/${session}`,
  avatar: (session) => `avatar?session=${session}`,
};

export class Companions {
  readonly #client: Client;
  readonly #page: string;
  readonly #main = document.querySelector("main")!;
  readonly #cover = document.createElement("main");
  #shown: string;

  /**
   * @param page - the name of this one.
   */
  constructor(client: Client, page: string) {
    this.#client = client;
    this.#page = this.#shown = page;
    this.#cover.hidden = true;
    this.#main.after(this.#cover);
    for (const name of Object.keys(COMPANIONS)) {
      linkTo(name).addEventListener("click", (event) => this.#follow(name, event));
    }
    addEventListener("popstate", ({ state }) => {
      const { companion = page } = (state ?? {}) as { companion?: string };
      this.#show(this.#running ? companion : page);
    });
    // Without a name, it has another address once it has been connected anew.
    client.on("state", ({ state }) => {
      if (state === "connected" && !client.name) {
        this.#load();
      } else if (state === "failed" || state === "closed") {
        this.#show(page);
      }
    });
  }

  get #running(): boolean {
    return this.#client.state === "connected" || this.#client.state === "reconnecting";
  }

  #follow(name: string, event: MouseEvent): void {
    const covered = this.#shown !== this.#page;
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (elsewhere || !(this.#running || (name === this.#page && covered))) {
      return;
    }
    event.preventDefault();
    if (name !== this.#shown) {
      history.pushState({ companion: name }, "");
      this.#show(name);
    }
  }

  #show(name: string): void {
    this.#shown = name;
    const covered = name !== this.#page;
    this.#main.hidden = covered;
    this.#cover.hidden = !covered;
    document.body.toggleAttribute("data-covered", covered);
    for (const other of Object.keys(COMPANIONS)) {
      linkTo(other).ariaCurrent = other === name ? "page" : null;
    }
    this.#load();
  }

  /** In a new frame each time, since a frame that goes elsewhere has a history of its own. */
  #load(): void {
    const { name, sessionId, viewingKey } = this.#client;
    const session = name ?? sessionId;
    if (this.#shown === this.#page || session === null) {
      this.#cover.replaceChildren();
      return;
    }
    const url = new URL(COMPANIONS[this.#shown]!(encodeURIComponent(session)), document.baseURI);
    url.hash = viewingKey === null ? "" : `key=${viewingKey}`;
    const frame = document.createElement("iframe");
    frame.className = "companion";
    frame.dataset.testid = "companion";
    frame.title = linkTo(this.#shown).textContent;
    frame.src = url.href;
    this.#cover.replaceChildren(frame);
  }
}

function linkTo(name: string): HTMLAnchorElement {
  return element(`menu-${name}`, HTMLAnchorElement);
}
