import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DICTIONARIES, lookUp, type Messages, preferredLanguage } from "./index.js";

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

  it("has every text that the page names", () => {
    const html = readFileSync(new URL("../index.html", import.meta.url), "utf8");
    const names = [...html.matchAll(/data-i18n(?:-label|-placeholder)?="([^"]+)"/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      expect(lookUp(messages, name)).not.toBe("");
    }
  });
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
