import { expect, it } from "vitest";
import { readToken, tokenHash } from "./token.js";

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

it.each([
  ["#token=a+b/c%3D=", "#token=a+b/c%3D="],
  ["#other=1&token=abc", "#token=abc"],
  ["#token=abc&snapshot", "#token=abc"],
  ["#snapshot", ""],
  ["", ""],
])("of the fragment %j other pages get %j", (hash, handedOn) => {
  expect(tokenHash(hash)).toBe(handedOn);
  expect(readToken(handedOn)).toBe(readToken(hash));
});
