import { element } from "./dom.js";
import { type Language, preferredLanguage, Translator } from "./i18n/index.js";
import { recall, remember } from "./preferences.js";
import { applyTheme, toggleTheme } from "./theme.js";

/** Tie up the buttons for language and theme; the words come with the translator's first `use()`. */
export function makeHeader(): Translator {
  applyTheme();
  const preferred = preferredLanguage(navigator.languages);
  const other: Language = preferred === "en" ? "zh" : "en";
  const translator = new Translator(recall<Language>("language", [preferred, other]));
  element("language", HTMLButtonElement).addEventListener("click", () => {
    const language = translator.language === "en" ? "zh" : "en";
    remember("language", language);
    translator.use(language);
  });
  element("theme", HTMLButtonElement).addEventListener("click", toggleTheme);
  return translator;
}
