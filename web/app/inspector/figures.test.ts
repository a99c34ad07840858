import type { ServerStats } from "holistic-rtc";
import { describe, expect, it } from "vitest";
import { toFigures, toSample, totalDelay } from "./figures.js";
import { sparkline } from "./sparkline.js";

/** Reports as Chromium gives them, `seconds` after the start, at 30 fps out and 24 fps in. */
function reports(seconds: number) {
  return [
    {
      type: "outbound-rtp",
      kind: "video",
      timestamp: seconds * 1000,
      bytesSent: seconds * 125_000,
      framesEncoded: seconds * 30,
      totalEncodeTime: seconds * 30 * 0.004,
    },
    {
      type: "inbound-rtp",
      kind: "video",
      timestamp: seconds * 1000,
      bytesReceived: seconds * 100_000,
      framesDecoded: seconds * 24,
      totalDecodeTime: seconds * 24 * 0.002,
      jitterBufferDelay: seconds * 24 * 0.01,
      jitterBufferEmittedCount: seconds * 24,
    },
    { type: "candidate-pair", nominated: false, currentRoundTripTime: 0.5 },
    { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 },
    { type: "transport", bytesSent: 1 },
  ];
}

const STATS: ServerStats = {
  session: "s",
  model: { origin: "official", poseModel: "lite" },
  tracks: [
    {
      track: 0,
      width: 640,
      height: 480,
      fpsIn: 30,
      fpsOut: 24,
      tracked: 720,
      dropped: 180,
      trackerMs: 25.1,
      drawMs: 0.8,
      delayMs: 31,
      quality: "balanced",
      landmarksSent: 715,
      landmarksDropped: 5,
    },
  ],
};

describe("figures of two reports a second apart", () => {
  const figures = toFigures(toSample(reports(9)), toSample(reports(10)), STATS, 7.5);

  it("are rates of the time between", () => {
    expect(figures.fpsSent).toBeCloseTo(30);
    expect(figures.fpsReceived).toBeCloseTo(24);
    expect(figures.bitsSent).toBeCloseTo(1e6);
    expect(figures.bitsReceived).toBeCloseTo(8e5);
  });

  it("have a delay that is the sum of its parts", () => {
    const { delay } = figures;
    expect(delay).not.toBeNull();
    expect(delay!.encode).toBeCloseTo(4);
    expect(delay!.roundTrip).toBeCloseTo(20);
    expect(delay!.server).toBe(31);
    expect(delay!.jitterBuffer).toBeCloseTo(10);
    expect(delay!.decode).toBeCloseTo(2);
    expect(totalDelay(delay!)).toBeCloseTo(67);
  });

  it("tell what the server told", () => {
    expect(figures).toMatchObject({
      trackerMs: 25.1,
      dropped: 180,
      droppedShare: 0.2,
      roundTripMs: 7.5,
      resolution: { width: 640, height: 480 },
      model: { origin: "official", poseModel: "lite" },
    });
  });
});

describe("figures that aren't known yet", () => {
  it("are null after the first report", () => {
    const figures = toFigures(null, toSample(reports(1)), null, null);
    expect(figures).toMatchObject({ fpsSent: null, fpsReceived: null, delay: null, dropped: null, model: null });
    expect(figures.roundTripMs).toBeCloseTo(20);
  });

  it("are null while no annotated frame comes", () => {
    const [outbound] = reports(10);
    expect(
      toFigures(toSample([outbound!]), toSample([{ ...outbound!, timestamp: 11_000 }]), STATS, 5).delay,
    ).toBeNull();
  });

  it("are null where a report has nothing of the kind", () => {
    expect(toFigures(toSample([]), toSample([]), null, null).fpsSent).toBeNull();
  });
});

it("a sparkline ends at the right, and reaches the top at its greatest value", () => {
  expect(sparkline([0, 10, null, 5], 5)).toBe("25,23.0 50,1.0 100,12.0");
  expect(sparkline([], 60)).toBe("");
});
