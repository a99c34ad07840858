import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DICTIONARIES, lookUp, type Messages, preferredLanguage } from "./index.js";

const APP = new URL("../", import.meta.url);
const PAGES = ["", "parts/"].flatMap((folder) =>
  readdirSync(new URL(folder, APP))
    .filter((name) => name.endsWith(".html"))
    .map((name) => folder + name),
);

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

  it.each(PAGES)("has every text that %s names", (page) => {
    const html = readFileSync(new URL(page, APP), "utf8");
    for (const [, name] of html.matchAll(/data-i18n(?:-label|-placeholder)?="([^"]+)"/g)) {
      expect(lookUp(messages, name!)).not.toBe("");
    }
  });
});

it("the pages have texts to be translated", () => {
  expect(PAGES).toEqual(expect.arrayContaining(["index.html", "viewer.html", "parts/inspector.html"]));
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
