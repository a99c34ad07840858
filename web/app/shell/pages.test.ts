import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DICTIONARIES, lookUp, type Messages, preferredLanguage } from "../i18n/index.js";
import { PAGES, renderPage } from "./pages.js";

const APP = new URL("../", import.meta.url);

function paths(value: unknown, path = ""): string[] {
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => paths(inner, path ? `${path}.${key}` : key))
    : [`${path}: ${typeof value}`];
}

describe.each(Object.entries(DICTIONARIES))("the dictionary %s", (_, messages: Messages) => {
  it("has the same entries as the English one", () => {
    expect(paths(messages).sort()).toEqual(paths(DICTIONARIES.en).sort());
  });

  it("has no empty text", () => {
    expect(JSON.stringify(messages)).not.toContain('""');
  });

  it.each(PAGES)("has every text that %s.html names", (page) => {
    const html = renderPage(page, readFileSync(new URL(`${page}.html`, APP), "utf8"));
    const names = [...html.matchAll(/data-i18n(?:-label|-placeholder)?="([^"]+)"/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      expect(lookUp(messages, name)).not.toBe("");
    }
  });

  it("counts the points of one person as they are", () => {
    expect(lookUp(messages, "live.emptyText")).toContain(String(33 + 478 + 2 * 21));
  });
});

it("each page has a header with the pages for everyone in its menu, and each part is put in its place", () => {
  for (const page of PAGES) {
    const html = renderPage(page, readFileSync(new URL(`${page}.html`, APP), "utf8"));
    expect(html).not.toMatch(/<!-- (?!doctype)|\{\w+\}|undefined/);
    expect(html.match(/aria-current="page"/g) ?? []).toHaveLength(page === "status" ? 0 : 1);
    const menu = [...html.matchAll(/id="menu-(\w+)"/g)].map(([, name]) => name);
    expect(menu).toEqual(["index", "view", "avatar"]);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(new Set(ids).size);
  }
});

it.each([
  [["zh-CN", "en"], "zh"],
  [["zh-Hans-SG"], "zh"],
  [["de-DE", "zh-TW", "en"], "zh"],
  [["en-GB", "zh"], "en"],
  [["fr"], "en"],
  [[], "en"],
])("of the browser's languages %j it takes %s", (languages, expected) => {
  expect(preferredLanguage(languages)).toBe(expected);
});

it("a text that isn't there is an error, not a blank", () => {
  expect(() => lookUp(DICTIONARIES.en, "no.such.text")).toThrow("no.such.text");
});
