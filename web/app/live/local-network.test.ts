import { expect, it } from "vitest";
import { baseForOthers } from "./local-network.js";

const LAN = "https://192.168.1.5:8443";

it.each([
  ["http://127.0.0.1:8080/", LAN, `${LAN}/`],
  ["http://localhost:8080/below/", LAN, `${LAN}/below/`],
  ["http://[::1]:8080/", LAN, `${LAN}/`],
  ["http://127.0.0.1:8080/", null, null],
  ["https://rtc.example.org/below/", LAN, "https://rtc.example.org/below/"],
  ["http://192.168.1.9/", null, "http://192.168.1.9/"],
  ["http://localhost.example.org/", null, "http://localhost.example.org/"],
])("of the page at %s, with the server at %s, other devices find %s", (base, localNetwork, expected) => {
  expect(baseForOthers(base, localNetwork)).toBe(expected);
});
