import { expect, it } from "vitest";
import { readToken } from "./token.js";

it.each([
  ["#token=abc", "abc"],
  ["#token=a+b/c%3D=", "a+b/c=="],
  ["#token=50%", "50%"],
  ["#other=1&token=abc", "abc"],
  ["#token", ""],
  ["", null],
])("of the fragment %j the token is %j", (hash, token) => {
  expect(readToken(hash)).toBe(token);
});
