/** The list of the sessions that can be watched. */

import { Emitter, HolisticError, listSessions, type ServerOptions, type SessionInfo, sleep } from "holistic-rtc";
import { element } from "../base/dom.js";
import { describe, failedStatus, IDLE, type Status } from "../connection/status.js";
import type { Translator } from "../i18n/index.js";
import type { Access } from "../shell/access.js";
import { texts } from "./i18n.js";

const POLL_MS = 2000;
const RETRY_MS = 5000;

export class SessionList extends Emitter<{ status: Status }> {
  readonly #translator: Translator;
  readonly #access: Access;
  readonly #list = element("sessions", HTMLElement);
  #sessions: SessionInfo[] = [];

  constructor(translator: Translator, access: Access) {
    super();
    this.#translator = translator;
    this.#access = access;
    translator.on("change", () => this.#show());
  }

  /** Keep it up to date as long as the page is open, or the server refuses for good. */
  async follow(server: ServerOptions): Promise<void> {
    this.emit("status", { ...IDLE, state: "connecting" });
    for (;;) {
      try {
        this.#sessions = await listSessions(server);
        this.#show();
        this.emit("status", IDLE);
        await sleep(POLL_MS);
      } catch (error) {
        this.#sessions = [];
        this.#show();
        if (!(error instanceof HolisticError && error.retryable)) {
          this.emit("status", failedStatus(error));
          return;
        }
        const retryAt = performance.now() + RETRY_MS;
        this.emit("status", { ...IDLE, state: "reconnecting", ...describe(error), retryAt });
        await sleep(RETRY_MS);
      }
    }
  }

  /** Entries that are there already stay, so that neither focus nor a click is lost. */
  #show(): void {
    const before = new Map([...this.#list.children].map((item) => [(item as HTMLElement).dataset.session, item]));
    const items = this.#sessions.map((session) => {
      const item = before.get(session.id) ?? makeItem(session, this.#access.hash);
      item.querySelector(".session-facts")!.textContent = this.#describe(session);
      return item;
    });
    if (items.length !== before.size || items.some((item, index) => this.#list.children[index] !== item)) {
      this.#list.replaceChildren(...items);
    }
  }

  #describe({ started, subscribers, tracks }: SessionInfo): string {
    const { since, beginning, watching } = texts[this.#translator.language];
    const time = started.toLocaleTimeString(undefined, { timeStyle: "short" });
    const pictures = tracks
      .filter(({ width }) => width > 0)
      .map(({ width, height, fps }) => `${width} × ${height}, ${Math.round(fps)} fps`);
    return [since(time), ...(pictures.length > 0 ? pictures : [beginning]), watching(subscribers)].join(" · ");
  }
}

function makeItem({ id, name: chosen }: SessionInfo, hash: string): HTMLElement {
  const item = document.createElement("li");
  item.dataset.session = id;
  const link = document.createElement("a");
  link.href = `view/${encodeURIComponent(chosen ?? id)}${hash}`;
  link.dataset.keepToken = "";
  const name = document.createElement("span");
  name.className = "session-name";
  name.textContent = chosen ?? id;
  const facts = document.createElement("span");
  facts.className = "session-facts";
  link.append(name, facts);
  item.append(link);
  return item;
}
