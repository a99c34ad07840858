import { expect, test } from "vitest";
import { limitFps, nextMaxFps } from "./media.js";

test("all frames are sent as long as half of them are tracked", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 24 })).toBeNull();
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 16 })).toBeNull();
});

test("when most are passed over, fewer are sent, with some to spare", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 10 })).toBe(16);
  expect(nextMaxFps(16, { fpsIn: 16, fpsOut: 7 })).toBe(12);
});

test("a rate of which a good half is tracked stays", () => {
  expect(nextMaxFps(16, { fpsIn: 16, fpsOut: 10 })).toBe(16);
});

test("the rate rises again when the tracker keeps up, until there is no limit", () => {
  let limit = nextMaxFps(null, { fpsIn: 30, fpsOut: 5 });
  const rates = [];
  while (limit !== null) {
    rates.push(limit);
    limit = nextMaxFps(limit, { fpsIn: limit, fpsOut: limit });
  }
  expect(rates).toEqual([8, 10, 13, 17, 22, 28]);
});

test("it never falls so low that nothing moves, nor changes while nothing comes", () => {
  expect(nextMaxFps(null, { fpsIn: 30, fpsOut: 0 })).toBe(8);
  expect(nextMaxFps(13, { fpsIn: 0, fpsOut: 0 })).toBe(13);
});

test("a sender's parameters are changed one after the other, also after a refusal, since Chromium refuses them at once", async () => {
  let underWay = false;
  const taken: (number | undefined)[] = [];
  const sender = {
    getParameters: () => ({ encodings: [{}] }),
    setParameters: async ({ encodings }: { encodings: RTCRtpEncodingParameters[] }) => {
      if (underWay) {
        throw new Error("another change is under way");
      }
      underWay = true;
      await Promise.resolve();
      underWay = false;
      const maxFps = encodings[0]?.maxFramerate;
      if (maxFps === 20) {
        throw new Error("refused");
      }
      taken.push(maxFps);
    },
  } as unknown as RTCRtpSender;
  const results = await Promise.allSettled([10, 20, 30, null].map((maxFps) => limitFps(sender, maxFps)));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(taken).toEqual([10, 30, undefined]);
});
