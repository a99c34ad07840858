/** Live figures, from the browser's reports and the server's. Pure: no browser needed. */

import type { ServerStats } from "holistic-rtc";

/** What one `getStats()` report says of the video, added up. Seconds, unless named otherwise. */
export interface Sample {
  timestampMs: number;
  bytesSent: number;
  framesEncoded: number;
  encodeTime: number;
  bytesReceived: number;
  framesDecoded: number;
  decodeTime: number;
  jitterBufferDelay: number;
  jitterBufferFrames: number;
  /** Of ICE's own checks; null before the first. */
  roundTrip: number | null;
  /** Why the browser sends less than the camera gives. */
  limitedBy: "cpu" | "bandwidth" | null;
}

export interface Delay {
  encode: number;
  roundTrip: number;
  server: number;
  jitterBuffer: number;
  decode: number;
}

/** Null is "not known yet". Times are in milliseconds, rates in bits a second. */
export interface Figures {
  fpsSent: number | null;
  fpsReceived: number | null;
  trackerMs: number | null;
  dropped: number | null;
  /** Of all frames that reached the server, 0 to 1. */
  droppedShare: number | null;
  roundTripMs: number | null;
  delay: Delay | null;
  bitsSent: number | null;
  bitsReceived: number | null;
  resolution: { width: number; height: number } | null;
  model: { origin: string; poseModel: string } | null;
  /** Why the browser sends less than the camera gives. */
  limitedBy: Sample["limitedBy"];
}

type Report = Record<string, unknown> & { type?: unknown; timestamp?: unknown };

export function toSample(reports: Iterable<Report>): Sample {
  const sample: Sample = {
    timestampMs: 0,
    bytesSent: 0,
    framesEncoded: 0,
    encodeTime: 0,
    bytesReceived: 0,
    framesDecoded: 0,
    decodeTime: 0,
    jitterBufferDelay: 0,
    jitterBufferFrames: 0,
    roundTrip: null,
    limitedBy: null,
  };
  const add = (value: unknown) => (typeof value === "number" ? value : 0);
  for (const report of reports) {
    if (report.type === "outbound-rtp" && report.kind === "video") {
      sample.timestampMs = Math.max(sample.timestampMs, add(report.timestamp));
      sample.bytesSent += add(report.bytesSent);
      sample.framesEncoded += add(report.framesEncoded);
      sample.encodeTime += add(report.totalEncodeTime);
      const reason = report.qualityLimitationReason;
      sample.limitedBy = reason === "cpu" || reason === "bandwidth" ? reason : null;
    } else if (report.type === "inbound-rtp" && report.kind === "video") {
      sample.timestampMs = Math.max(sample.timestampMs, add(report.timestamp));
      sample.bytesReceived += add(report.bytesReceived);
      sample.framesDecoded += add(report.framesDecoded);
      sample.decodeTime += add(report.totalDecodeTime);
      sample.jitterBufferDelay += add(report.jitterBufferDelay);
      sample.jitterBufferFrames += add(report.jitterBufferEmittedCount);
    } else if (
      report.type === "candidate-pair" &&
      report.nominated &&
      typeof report.currentRoundTripTime === "number"
    ) {
      sample.roundTrip = report.currentRoundTripTime;
    }
  }
  return sample;
}

/**
 * @param before - the sample before, of the same connection, if there is one.
 * @param pingMs - round trip of the control channel's ping.
 */
export function toFigures(
  before: Sample | null,
  now: Sample,
  stats: ServerStats | null,
  pingMs: number | null,
): Figures {
  const seconds = before ? (now.timestampMs - before.timestampMs) / 1000 : 0;
  const rate = (key: "bytesSent" | "framesEncoded" | "bytesReceived" | "framesDecoded") =>
    before && seconds > 0 ? Math.max(0, now[key] - before[key]) / seconds : null;
  const bits = (bytes: number | null) => (bytes === null ? null : bytes * 8);
  const track = stats?.tracks[0] ?? null;
  const frames = track ? track.tracked + track.dropped : 0;
  return {
    fpsSent: rate("framesEncoded"),
    fpsReceived: rate("framesDecoded"),
    trackerMs: track && track.trackerMs > 0 ? track.trackerMs : null,
    dropped: track?.dropped ?? null,
    droppedShare: track && frames > 0 ? track.dropped / frames : null,
    roundTripMs: pingMs ?? (now.roundTrip === null ? null : now.roundTrip * 1000),
    delay: before && track ? toDelay(before, now, track.delayMs, pingMs) : null,
    bitsSent: bits(rate("bytesSent")),
    bitsReceived: bits(rate("bytesReceived")),
    resolution: track && track.width > 0 ? { width: track.width, height: track.height } : null,
    model: stats?.model.origin ? { origin: stats.model.origin, poseModel: stats.model.poseModel ?? "" } : null,
    limitedBy: now.limitedBy,
  };
}

/** @returns null while no annotated frame comes. */
function toDelay(before: Sample, now: Sample, serverMs: number, pingMs: number | null): Delay | null {
  const mean = (time: "encodeTime" | "decodeTime" | "jitterBufferDelay", frames: keyof Sample) => {
    const count = Number(now[frames]) - Number(before[frames]);
    return count > 0 ? ((now[time] - before[time]) / count) * 1000 : 0;
  };
  if (now.framesDecoded <= before.framesDecoded) {
    return null;
  }
  return {
    encode: mean("encodeTime", "framesEncoded"),
    // ICE's checks are answered by the network code, pings by a busy event loop: the former are nearer to what media takes.
    roundTrip: now.roundTrip === null ? (pingMs ?? 0) : now.roundTrip * 1000,
    server: serverMs,
    jitterBuffer: mean("jitterBufferDelay", "jitterBufferFrames"),
    decode: mean("decodeTime", "framesDecoded"),
  };
}

export function totalDelay(delay: Delay): number {
  return delay.encode + delay.roundTrip + delay.server + delay.jitterBuffer + delay.decode;
}
