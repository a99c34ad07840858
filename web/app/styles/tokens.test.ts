import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const tokens = new Map(
  [
    ...readFileSync(new URL("tokens.css", import.meta.url), "utf8").matchAll(
      /--([\w-]+): light-dark\((#\w+), (#\w+)\)/g,
    ),
  ].map(([, name, light, dark]) => [name!, { light: light!, dark: dark! }]),
);

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** As in WCAG 2.2. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each(["light", "dark"] as const)("the %s colours", (scheme) => {
  const colour = (name: string) => tokens.get(name)![scheme];

  it.each(["ink", "muted", "accent", "danger", "warning"])("%s can be read on each ground", (name) => {
    for (const ground of ["ground", "surface", "raised"]) {
      expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("outlines of controls are seen on each ground", () => {
    for (const ground of ["ground", "surface", "raised"]) {
      expect(contrast(colour("edge"), colour(ground))).toBeGreaterThanOrEqual(3);
    }
  });

  it("the main button can be read", () => {
    expect(contrast(colour("on-accent"), colour("accent"))).toBeGreaterThanOrEqual(4.5);
  });
});
