import { expect, it } from "vitest";
import { readFragment } from "../shell/access.js";
import { hashWithTab, tabInHash } from "./tabs.js";

const TABS = ["live", "snapshot"] as const;

it.each([
  ["", "live"],
  ["#snapshot", "snapshot"],
  ["#token=snapshot", "live"],
  ["#token=a+b/==&snapshot", "snapshot"],
  ["#nonsense", "live"],
])("the address %j names the tab %s", (hash, tab) => {
  expect(tabInHash(hash, TABS)).toBe(tab);
});

it.each([
  ["", "snapshot", "#snapshot"],
  ["#snapshot", "live", ""],
  ["#snapshot", "snapshot", "#snapshot"],
  ["#token=a+b/==", "snapshot", "#token=a+b/==&snapshot"],
  ["#token=a+b/==&snapshot", "live", "#token=a+b/=="],
] as const)("the address %j with the tab %s is %j, and keeps its token", (hash, tab, expected) => {
  expect(hashWithTab(hash, TABS, tab)).toBe(expected);
  expect(readFragment(expected, "token")).toBe(readFragment(hash, "token"));
});
