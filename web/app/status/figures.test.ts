import { describe, expect, it } from "vitest";
import { countsOf, toProcessFigures, toServerFigures } from "./figures.js";
import { Metrics } from "./metrics.js";

function metrics(seconds: number): Metrics {
  return new Metrics(`# HELP holistic_sessions Running sessions.
# TYPE holistic_sessions gauge
holistic_build_info{engine="holistic",version="0.2.0 \\"beta\\""} 1.0
holistic_session_places 4.0
holistic_session_places_taken 1.0
holistic_frames_received_total ${30 * seconds}
holistic_frames_tracked_total ${24 * seconds}
holistic_frames_dropped_total ${6 * seconds}
holistic_tracker_seconds_bucket{le="0.01"} ${24 * seconds}
holistic_tracker_seconds_count ${24 * seconds}
holistic_tracker_seconds_sum ${24 * seconds * 0.02}
holistic_frame_delay_seconds_count 0
holistic_frame_delay_seconds_sum 0
holistic_processes{kind="front"} 1.0
holistic_processes{kind="live"} 2.0
holistic_processes{kind="job"} 0.0
holistic_process_cpu_seconds_total{kind="front"} ${0.1 * seconds}
holistic_process_cpu_seconds_total{kind="live"} ${0.9 * seconds}
holistic_process_resident_memory_bytes{kind="front"} 1e+08
holistic_process_resident_memory_bytes{kind="live"} 3e+08
holistic_refusals_total{code="bad_request"} 2.0
holistic_refusals_total{code="server_full"} 5.0
holistic_refusals_total{code="not_found"} 0.0
python_info 1.0
`);
}

describe("figures of a server", () => {
  it("are rates and means of what has happened between two times", () => {
    const figures = toServerFigures(metrics(10), metrics(14), 4);
    expect(figures.trackedPerSecond).toBeCloseTo(24);
    expect(figures.dropped).toBeCloseTo(0.2);
    expect(figures.trackerMs).toBeCloseTo(20);
    expect(figures.cpus).toBeCloseTo(1);
    expect(figures.memory).toBe(4e8);
    expect(figures.places).toEqual({ taken: 1, all: 4 });
  });

  it("are unknown where nothing has happened", () => {
    const { dropped, trackerMs, delayMs } = toServerFigures(metrics(10), metrics(10), 4);
    expect([dropped, trackerMs, delayMs]).toEqual([null, null, null]);
  });

  it("are also those of each kind of process that there is", () => {
    const [front, live, ...others] = toProcessFigures(metrics(10), metrics(14), 4);
    expect(front).toMatchObject({ kind: "front", count: 1, memory: 1e8 });
    expect(live!.cpus).toBeCloseTo(0.9);
    expect(others).toEqual([]);
  });

  it("count what has happened at least once, the most frequent first", () => {
    expect(countsOf(metrics(1), "refusals_total", "code")).toEqual([
      ["server_full", 5],
      ["bad_request", 2],
    ]);
  });

  it("have the texts of labels as they were before they were quoted", () => {
    expect(metrics(1).label("build_info", "version")).toBe('0.2.0 "beta"');
  });
});
