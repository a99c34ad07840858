import { decodeJson } from "holistic-rtc";
import { expect, it, vi } from "vitest";
import { toJsonLine } from "./jsonl.js";
import { Recorder, type Take } from "./recorder.js";
import { LineWriter } from "./take.js";

const HEADER = "a header\n";
const frame = decodeJson('{"seq":1,"timestamp_ms":40,"width":640,"height":480,"track":0,"person":0}');
const line = toJsonLine(frame);

function makeRecorder(limit?: number): Recorder {
  return new Recorder(
    () => [new LineWriter({ suffix: ".jsonl", type: "text/plain", header: HEADER }, toJsonLine)],
    limit,
  );
}

async function kept(recorder: Recorder): Promise<Take & { state: "kept" }> {
  const take = await vi.waitUntil(() => recorder.take.state === "kept" && recorder.take);
  return take;
}

it("keeps the frames between start and stop, with their size so far", async () => {
  const recorder = makeRecorder();
  recorder.add(frame);
  recorder.start(null);
  recorder.add(frame);
  recorder.add(frame);
  expect(recorder.take).toMatchObject({
    state: "recording",
    videoBytes: null,
    dataBytes: HEADER.length + 2 * line.length,
  });
  recorder.stop("stopped");
  recorder.add(frame);
  const { end, files } = await kept(recorder);
  expect(end).toBe("stopped");
  expect(files.map(({ suffix }) => suffix)).toEqual([".jsonl"]);
  expect(await files[0]!.content.text()).toBe(HEADER + line + line);
});

it("keeps more lines than one blob holds, in their order", async () => {
  const writer = new LineWriter({ suffix: ".csv", type: "text/csv" }, ({ seq }) => `${seq},${"x".repeat(600_000)}\n`);
  [1, 2, 3].forEach((seq) => writer.add({ ...frame, seq }));
  const text = await writer.finish()[0]!.content.text();
  expect(text.split("\n").map((row) => row.slice(0, 2))).toEqual(["1,", "2,", "3,", ""]);
  expect(text).toHaveLength(writer.bytes);
});

it("ends a take that has reached the limit, and keeps it", async () => {
  const recorder = makeRecorder(HEADER.length + 2 * line.length);
  recorder.start(null);
  recorder.add(frame);
  expect(recorder.take.state).toBe("recording");
  recorder.add(frame);
  const { end, files } = await kept(recorder);
  expect(end).toBe("full");
  expect(await files[0]!.content.text()).toBe(HEADER + line + line);
});

it("never replaces a take before it is discarded", async () => {
  const recorder = makeRecorder();
  recorder.start(null);
  recorder.add(frame);
  recorder.stop("interrupted");
  const take = await kept(recorder);
  recorder.start(null);
  recorder.stop("stopped");
  expect(recorder.take).toBe(take);
  recorder.discard();
  expect(recorder.take.state).toBe("none");
  recorder.start(null);
  expect(recorder.take.state).toBe("recording");
});

it("says when a take begins, is kept and is discarded", async () => {
  const recorder = makeRecorder();
  const states: string[] = [];
  recorder.on("change", ({ state }) => states.push(state));
  recorder.stop("stopped");
  recorder.start(null);
  recorder.stop("stopped");
  await kept(recorder);
  recorder.discard();
  expect(states).toEqual(["recording", "kept", "none"]);
});
