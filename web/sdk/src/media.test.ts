import { expect, test } from "vitest";
import { tuneSender } from "./media.js";

test("a sender's parameters are changed one after the other, also after a refusal, since Chromium refuses them at once", async () => {
  let underWay = false;
  let changes = 0;
  const taken: (number | undefined)[] = [];
  const sender = {
    track: { kind: "video", getSettings: () => ({}) },
    getParameters: () => ({ encodings: [{}] }),
    setParameters: async ({ encodings }: { encodings: RTCRtpEncodingParameters[] }) => {
      if (underWay) {
        throw new Error("another change is under way");
      }
      underWay = true;
      await Promise.resolve();
      underWay = false;
      changes += 1;
      if (changes === 2) {
        throw new Error("refused");
      }
      taken.push(encodings[0]?.maxBitrate);
    },
  } as unknown as RTCRtpSender;
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => tuneSender(sender)));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(taken).toEqual([1_500_000, 1_500_000, 1_500_000]);
});
