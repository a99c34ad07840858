import { Emitter } from "holistic-rtc";
import { en, type Messages } from "./en/index.js";
import type { Language } from "./texts.js";
import { zh } from "./zh/index.js";

export type { Messages } from "./en/index.js";
export type { Language } from "./texts.js";

/** Of each page its own texts. */
const PAGES = import.meta.glob<Record<Language, object>>("../*/i18n.ts", { eager: true, import: "texts" });

/** What all pages share, and under its folder's name what a page has of its own. */
export const DICTIONARIES: Record<Language, Messages> = {
  en: { ...en, ...ofPages("en") },
  zh: { ...zh, ...ofPages("zh") },
};

const DOCUMENT_LANGUAGES: Record<Language, string> = { en: "en", zh: "zh-Hans" };

/** The first of the browser's languages that the page has, else English. */
export function preferredLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    const [language] = tag.toLowerCase().split("-");
    if (language === "en" || language === "zh") {
      return language;
    }
  }
  return "en";
}

/**
 * Puts words to the page, in the chosen language.
 *
 * `data-i18n` names the text of an element, `data-i18n-label` its accessible name and, of a control, its tooltip, and
 * `data-i18n-placeholder` its placeholder. Where there is a text, that is the name, as speech control needs it. What
 * changes while the page runs is written by its own view, anew at each `change`.
 */
export class Translator extends Emitter<{ change: Messages }> {
  #language: Language;

  constructor(language: Language) {
    super();
    this.#language = language;
  }

  get language(): Language {
    return this.#language;
  }

  get messages(): Messages {
    return DICTIONARIES[this.#language];
  }

  use(language: Language): void {
    this.#language = language;
    document.documentElement.lang = DOCUMENT_LANGUAGES[language];
    for (const element of document.querySelectorAll<HTMLElement>("[data-i18n]")) {
      element.textContent = lookUp(this.messages, element.dataset.i18n!);
    }
    for (const element of document.querySelectorAll<HTMLElement>("[data-i18n-label]")) {
      const label = lookUp(this.messages, element.dataset.i18nLabel!);
      if (element.dataset.i18n === undefined) {
        element.ariaLabel = label;
      }
      if (element.matches("button, a, select, input")) {
        element.title = label;
      }
    }
    for (const element of document.querySelectorAll<HTMLInputElement>("[data-i18n-placeholder]")) {
      element.placeholder = element.ariaLabel = lookUp(this.messages, element.dataset.i18nPlaceholder!);
    }
    this.emit("change", this.messages);
  }
}

function ofPages(language: Language): Record<string, object> {
  return Object.fromEntries(Object.entries(PAGES).map(([path, texts]) => [path.split("/")[1]!, texts[language]]));
}

/** The text at a path such as `parts.pose`. */
export function lookUp(messages: Messages, path: string): string {
  let value: unknown = messages;
  for (const key of path.split(".")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (typeof value !== "string") {
    throw new Error(`there is no text ${path}`);
  }
  return value;
}
