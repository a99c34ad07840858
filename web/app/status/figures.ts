/** What the server is doing, from its metrics at two times. */

import type { Metrics } from "./metrics.js";

/** Null where nothing has happened between the two times. */
export interface ServerFigures {
  places: { taken: number; all: number };
  subscribers: number;
  /** CPUs that are used, on average. */
  cpus: number;
  cpuLimit: number;
  /** Bytes. */
  memory: number;
  memoryLimit: number;
  trackedPerSecond: number;
  /** Share of the received frames. */
  dropped: number | null;
  trackerMs: number | null;
  delayMs: number | null;
  /** Bits a second. */
  received: number;
  sent: number;
  lagMs: number | null;
  pictures: { pending: number; places: number };
  jobs: { tracking: number; waiting: number };
  connections: { open: number; places: number };
}

export interface ProcessFigures {
  kind: string;
  count: number;
  cpus: number;
  memory: number;
}

/**
 * @param seconds - between them.
 */
export function toServerFigures(before: Metrics, now: Metrics, seconds: number): ServerFigures {
  const rate = (name: string): number => (now.sum(name) - before.sum(name)) / seconds;
  const mean = (name: string, labels = {}): number | null => {
    const [count, sum] = [`${name}_count`, `${name}_sum`].map(
      (part) => now.sum(part, labels) - before.sum(part, labels),
    ) as [number, number];
    return count > 0 ? (sum / count) * 1000 : null;
  };
  const framesReceived = rate("frames_received_total");
  return {
    places: { taken: now.sum("session_places_taken"), all: now.sum("session_places") },
    subscribers: now.sum("subscribers"),
    cpus: rate("process_cpu_seconds_total"),
    cpuLimit: now.sum("cpu_limit_cores"),
    memory: now.sum("process_resident_memory_bytes"),
    memoryLimit: now.sum("memory_limit_bytes"),
    trackedPerSecond: rate("frames_tracked_total"),
    dropped: framesReceived > 0 ? rate("frames_dropped_total") / framesReceived : null,
    trackerMs: mean("tracker_seconds"),
    delayMs: mean("frame_delay_seconds"),
    received: now.sum("media_bitrate_bits_per_second", { direction: "in" }),
    sent: now.sum("media_bitrate_bits_per_second", { direction: "out" }),
    lagMs: mean("event_loop_lag_seconds", { kind: "front" }),
    pictures: { pending: now.sum("snapshots_pending"), places: now.sum("snapshot_places") },
    jobs: { tracking: now.sum("jobs_tracking"), waiting: now.sum("jobs_waiting") },
    connections: { open: now.sum("http_connections"), places: now.sum("http_connection_places") },
  };
}

/**
 * The kinds of which there are any.
 *
 * @param seconds - between the two times.
 */
export function toProcessFigures(before: Metrics, now: Metrics, seconds: number): ProcessFigures[] {
  return [...now.by("processes", "kind")]
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => ({
      kind,
      count,
      cpus:
        (now.sum("process_cpu_seconds_total", { kind }) - before.sum("process_cpu_seconds_total", { kind })) / seconds,
      memory: now.sum("process_resident_memory_bytes", { kind }),
    }));
}

/** What has happened at least once, by the value of a label, the most frequent first. */
export function countsOf(metrics: Metrics, name: string, label: string): [name: string, count: number][] {
  return [...metrics.by(name, label)].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
}
