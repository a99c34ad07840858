import { expect, it } from "vitest";
import { abortable, backoffMs, sleep } from "./timing.js";

it("waits longer before each attempt, up to 8 s", () => {
  const longest = [1, 2, 3, 23, 50].map((attempt) => Math.round(backoffMs(attempt, () => 1)));
  expect(longest).toEqual([1000, 1100, 1210, 8000, 8000]);
});

it("never waits less than half of that, so 0.5 s at least", () => {
  const shortest = [1, 2, 3, 50].map((attempt) => Math.round(backoffMs(attempt, () => 0)));
  expect(shortest).toEqual([500, 550, 605, 4000]);
});

it("tries again within 2 s during the first 10", () => {
  let [at, attempt] = [0, 0];
  while (at < 10_000) {
    const wait = backoffMs(++attempt, () => 1);
    expect(wait).toBeLessThan(2000);
    at += wait;
  }
});

it("spreads clients at random", () => {
  expect(new Set(Array.from({ length: 20 }, () => backoffMs(3))).size).toBeGreaterThan(10);
});

it("a sleep ends at once when it is aborted, with the reason", async () => {
  const controller = new AbortController();
  const asleep = sleep(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await expect(asleep).rejects.toThrow("enough");
  await expect(sleep(60_000, controller.signal)).rejects.toThrow("enough");
});

it("an abortable promise settles as the promise does", async () => {
  const { signal } = new AbortController();
  await expect(abortable(Promise.resolve(7), signal)).resolves.toBe(7);
  await expect(abortable(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
});
