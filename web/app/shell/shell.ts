/** What every page has: header, language, theme, token, and how its connection stands. */

import type { ServerOptions } from "holistic-rtc";
import { element } from "../base/dom.js";
import { recall, remember } from "../base/preferences.js";
import { listenForShortcuts } from "../base/shortcuts.js";
import { type Remedies, StatusView } from "../connection/status-view.js";
import type { Status } from "../connection/status.js";
import { ticketMessages, tokenMessages } from "../connection/words.js";
import { type Language, type Messages, preferredLanguage, Translator } from "../i18n/index.js";
import { Access } from "./access.js";
import { applyTheme, toggleTheme } from "./theme.js";
import { addTokenForm } from "./token-form.js";

export class Shell {
  /** From the address. Another one loads the page anew. */
  readonly access = new Access();
  readonly translator = makeTranslator();
  readonly #own: (messages: Messages) => Messages;
  readonly #status: StatusView;

  /**
   * @param own - puts the page's own words in the place of the general ones.
   */
  constructor(own: (messages: Messages) => Messages = (messages) => messages) {
    this.#own = own;
    document.body.toggleAttribute("data-framed", window.parent !== window);
    this.#status = new StatusView(this.translator, (messages) => this.adapt(messages));
    document.querySelectorAll(".takes-token").forEach((card) => addTokenForm(card, (token) => Access.use(token)));
    applyTheme();
    // Chosen in another page, which may have this one in a frame.
    addEventListener("storage", () => {
      applyTheme();
      this.translator.use(recallLanguage());
    });
    element("theme", HTMLButtonElement).addEventListener("click", toggleTheme);
    this.#adaptLinks();
    void this.access.keepTicket(() => this.#adaptLinks());
    addEventListener("hashchange", () => {
      if (this.access.isOutdated()) {
        location.reload();
      }
    });
  }

  /** The page's own server. */
  get server(): ServerOptions {
    return this.access.server;
  }

  /** Its own words for a page, and for one that has a token or a ticket. */
  adapt(messages: Messages): Messages {
    const own = this.#own(messages);
    return this.access.isTicket ? ticketMessages(own) : this.access.token ? tokenMessages(own) : own;
  }

  /** What links to other pages carry in place of the token. */
  #adaptLinks(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-keep-token]")) {
      link.hash = this.access.hash;
    }
  }

  showStatus(status: Status): void {
    this.#status.show(status);
  }

  /** To be called when all parts of the page are made: the words are put to it, and its keys and buttons work. */
  start(shortcuts: Readonly<Record<string, () => void>>, remedies: Remedies): void {
    this.#status.offer(remedies);
    const own = Object.entries(shortcuts).map(([key, act]) => [key, () => isCovered() || act()] as const);
    listenForShortcuts({ ...Object.fromEntries(own), "?": () => element("help", HTMLElement).togglePopover() });
    this.translator.use(this.translator.language);
  }
}

/** By another page, whose keys are its own. */
function isCovered(): boolean {
  return document.body.hasAttribute("data-covered");
}

function recallLanguage(): Language {
  const preferred = preferredLanguage(navigator.languages);
  const other: Language = preferred === "en" ? "zh" : "en";
  return recall<Language>("language", [preferred, other]);
}

function makeTranslator(): Translator {
  const translator = new Translator(recallLanguage());
  element("language", HTMLButtonElement).addEventListener("click", () => {
    const language = translator.language === "en" ? "zh" : "en";
    remember("language", language);
    translator.use(language);
  });
  return translator;
}
