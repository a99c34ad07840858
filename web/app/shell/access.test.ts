import { expect, it } from "vitest";
import { readFragment, withoutToken } from "./access.js";

it.each([
  ["#token=abc", "abc"],
  ["#token=a+b/c%3D=", "a+b/c=="],
  ["#token=50%", "50%"],
  ["#other=1&token=abc", "abc"],
  ["#token", ""],
  ["#ticket=abc", null],
  ["", null],
])("of the fragment %j the token is %j", (hash, token) => {
  expect(readFragment(hash, "token")).toBe(token);
});

it.each([
  ["#token=a+b/c%3D=", ""],
  ["#other=1&token=abc", "#other=1"],
  ["#token=abc&snapshot", "#snapshot"],
  ["#key=k&token=abc", "#key=k"],
  ["#token", ""],
  ["#ticket=abc", "#ticket=abc"],
  ["", ""],
])("of the fragment %j what stays in the address is %j", (hash, rest) => {
  expect(withoutToken(hash)).toBe(rest);
  expect(readFragment(rest, "token")).toBeNull();
});
