import { describe, expect, it } from "vitest";
import { FrameRateLimit, limitFps } from "./frame-rate.js";

/**
 * @param speed - frames a second.
 * @param share - of the time that the tracker is at work when it can't track all.
 * @returns the limits of each second, with a tracker of this speed and a camera of 30 frames a second.
 */
function follow(
  limit: FrameRateLimit,
  seconds: number,
  speed: (second: number) => number,
  share = 0.9,
): (number | null)[] {
  let dropped = 0;
  return Array.from({ length: seconds }, (_, second) => {
    const fpsIn = limit.current ?? 30;
    const fpsOut = Math.min(fpsIn, speed(second));
    dropped += fpsIn - fpsOut;
    limit.update({ fpsIn, fpsOut, dropped, trackerMs: fpsOut && (1000 * share) / speed(second) });
    return limit.current;
  });
}

function changes(limits: (number | null)[]): (number | null)[] {
  return limits.filter((limit, index) => limit !== (index === 0 ? null : limits[index - 1]));
}

describe("FrameRateLimit", () => {
  it("stays away as long as half of the frames are tracked", () => {
    expect(changes(follow(new FrameRateLimit(), 60, () => 16))).toEqual([]);
  });

  it("leaves some frames to spare when most are dropped, which lasts", () => {
    expect(changes(follow(new FrameRateLimit(), 120, () => 10))).toEqual([16]);
  });

  it("doesn't follow a moment's slowness, nor a moment's speed", () => {
    const limit = new FrameRateLimit();
    expect(changes(follow(limit, 60, (second) => (second % 4 < 2 ? 5 : 30)))).toEqual([]);
    follow(limit, 10, () => 10);
    expect(changes(follow(limit, 60, (second) => (second % 8 < 4 ? 16 : 9)))).toEqual([16]);
  });

  it("rises step by step when the tracker keeps up, until there is none", () => {
    const limit = new FrameRateLimit();
    follow(limit, 5, () => 5);
    expect(changes(follow(limit, 60, () => 30)).slice(1)).toEqual([10, 13, 17, 22, 28, null]);
  });

  it("tries less and less often what was too much", () => {
    // 8 frames a second are tracked nearly all, of 10 or more hardly any.
    const limit = new FrameRateLimit();
    const limits = follow(limit, 600, () => ((limit.current ?? 30) > 8 ? 4 : 7));
    expect(limits.filter((rate) => rate === 8).length).toBeGreaterThan(500);
    expect(changes(limits.slice(300)).length).toBeLessThan(10);
  });

  it("never falls so low that nothing moves, nor changes while nothing comes", () => {
    const limit = new FrameRateLimit();
    expect(follow(limit, 10, () => 0).at(-1)).toBe(8);
    for (let second = 0; second < 100; second++) {
      expect(limit.update({ fpsIn: 0, fpsOut: 0, dropped: 200, trackerMs: 0 })).toBe(false);
    }
  });

  it("stays away when frames come in bursts to an idle tracker, and goes when it was set before", () => {
    const limit = new FrameRateLimit();
    expect(changes(follow(limit, 60, () => 10, 0.2))).toEqual([]);
    follow(limit, 10, () => 10);
    expect(limit.current).toBe(16);
    expect(follow(limit, 60, () => 5, 0.2).at(-1)).toBe(null);
  });

  it("is set when the frames beyond a maximum are left out, rather than dropped", () => {
    const limit = new FrameRateLimit();
    for (let second = 0; second < 5; second++) {
      limit.update({ fpsIn: 30, fpsOut: 10, dropped: 0, trackerMs: 20 });
    }
    expect(limit.current).toBe(16);
  });
});

describe("limitFps", () => {
  /** A track that has the constraints that were applied last, and can't have some. */
  function makeTrack(constraints: MediaTrackConstraints, refused?: string) {
    const track = {
      constraints,
      getConstraints: () => track.constraints,
      applyConstraints: (wanted: MediaTrackConstraints) => {
        if (refused) {
          return Promise.reject(Object.assign(new Error(refused), { name: refused }));
        }
        track.constraints = wanted;
        return Promise.resolve();
      },
    };
    return track as typeof track & MediaStreamTrack;
  }

  it("changes the frame rate only, and gives back the one that was asked for", async () => {
    const track = makeTrack({ width: 640, frameRate: { ideal: 30 } });
    for (const maxFps of [16, 10]) {
      await limitFps(track, maxFps);
      expect(track.constraints).toEqual({ width: 640, frameRate: { max: maxFps } });
    }
    await limitFps(track, null);
    expect(track.constraints).toEqual({ width: 640, frameRate: { ideal: 30 } });
  });

  it("gives back a track without constraints as it was, and doesn't touch one that it hasn't limited", async () => {
    const track = makeTrack({});
    await limitFps(track, null);
    await limitFps(track, 10);
    await limitFps(track, null);
    expect(track.constraints).toEqual({});
  });

  it("leaves alone a track that has one rate only, and passes on other failures", async () => {
    await limitFps(makeTrack({}, "OverconstrainedError"), 10);
    await expect(limitFps(makeTrack({}, "InvalidStateError"), 10)).rejects.toThrow("InvalidStateError");
  });
});
