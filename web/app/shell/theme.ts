import { recall, remember } from "../base/preferences.js";

const THEMES = ["system", "light", "dark"] as const;

export function applyTheme(): void {
  const theme = recall("theme", THEMES);
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
}

/** Light when it is dark, and the other way round. Where that is the system's choice too, follow the system again. */
export function toggleTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = document.documentElement.dataset.theme ?? system;
  const next = now === "dark" ? "light" : "dark";
  remember("theme", next === system ? "system" : next);
  applyTheme();
}
