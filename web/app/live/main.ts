/** The page that sends a camera: makes its parts and ties them together. */

import { HolisticClient, type HolisticFrame, makeKey, submitJob, takeSnapshot } from "holistic-rtc";
import { element } from "../base/dom.js";
import { recall, recallText, remember } from "../base/preferences.js";
import { bindSwitch } from "../base/switch.js";
import type { Size } from "../camera/camera.js";
import type { Status } from "../connection/status.js";
import { Details } from "../inspector/details.js";
import { FiguresView, PUBLISHED } from "../inspector/figures-view.js";
import { Inspector } from "../inspector/inspector.js";
import { PublishControls } from "../publish/controls.js";
import { PageSession } from "../publish/session.js";
import { postStills } from "../publish/snapshot-loop.js";
import { CSV_HEADER, toCsvLine } from "../recording/csv.js";
import { toJsonLine } from "../recording/jsonl.js";
import { RecorderView } from "../recording/recorder-view.js";
import { Recorder } from "../recording/recorder.js";
import { LineWriter } from "../recording/take.js";
import { Companions } from "../shell/companions.js";
import { expose } from "../shell/debugging.js";
import { Shell } from "../shell/shell.js";
import { SnapshotTab } from "../snapshot/tab.js";
import { VideoTab } from "../video/tab.js";
import { FallbackView } from "./fallback-view.js";
import { HintsView } from "./hints-view.js";
import { Preview } from "./preview.js";
import { Share } from "./share.js";
import { StageView } from "./stage.js";
import { hashWithTab, tabInHash, Tabs } from "./tabs.js";

const SIZES = ["640x480", "320x240", "960x540", "1280x720"] as const;

const TABS = ["live", "snapshot", "video"] as const;
/** Of what the snapshot tab's camera is to give; the picture's details matter more than its pace. */
const SNAPSHOT_SIZE = { width: 1280, height: 720 };

const draw = element("draw", HTMLInputElement);
const smoothing = element("smoothing", HTMLInputElement);
const size = element("size", HTMLSelectElement);

/** Of the session, so that links to it last. */
let name = new URLSearchParams(location.search).get("name");

const shell = new Shell();
const { server, translator } = shell;
const client = new HolisticClient({ ...server, maxPersons: null });
expose(client);

const session = new PageSession(
  {
    on: (...listener) => client.on(...listener),
    connect: (stream, options) => client.connect(stream, { ...options, name, key: ownKey() }),
    replaceTrack: (track) => client.replaceTrack(track),
    close: () => client.close(),
  },
  (stream, events, signal) =>
    postStills(
      stream,
      (picture) => takeSnapshot(picture, { ...server, maxPersons: null, draw: draw.checked, signal }),
      events,
      signal,
    ),
);
const controls = new PublishControls(
  session,
  translator,
  readSize,
  new URLSearchParams(location.search).get("audio") === "1",
);
const stage = new StageView();
const preview = new Preview({
  session,
  open: () => controls.openCamera(readSize()),
  show: (stream) => stage.showRaw(stream),
  showStatus,
});
element("camera", HTMLSelectElement).addEventListener("change", () => preview.reopen());
const inspector = new Inspector(translator);
const details = new Details();
const share = new Share(client, translator);
/** What is recorded besides the annotated video. */
let sound: MediaStreamTrack[] = [];
const recorder = new Recorder(() => [
  new LineWriter({ suffix: ".jsonl", type: "application/jsonl" }, toJsonLine),
  new LineWriter({ suffix: ".csv", type: "text/csv", header: CSV_HEADER }, toCsvLine),
]);
const recording = new RecorderView({
  recorder,
  translator,
  data: "landmarks",
  stream: () => client.stream && new MediaStream([...client.stream.getVideoTracks(), ...sound]),
});
share.on("name", (chosen) => void publishAs(chosen));
const figures = new FiguresView(element("figures", HTMLElement), PUBLISHED, client, translator);
const hints = new HintsView(translator);
figures.on("figures", (now) => hints.update(now));
new FallbackView(session, translator);
new Companions(client, "index");
const tabs = new Tabs(TABS);
const snapshotTab = new SnapshotTab(translator, {
  take: (picture, options) => takeSnapshot(picture, { ...options, ...server, maxPersons: null }),
  openCamera: () => controls.openCamera(SNAPSHOT_SIZE),
  adapt: (messages) => shell.adapt(messages),
});

new VideoTab(translator, (file, signal) => submitJob(file, { ...server, maxPersons: null, signal }));

session.on("status", showStatus);
session.on("source", (source) => {
  stage.showRaw(source?.stream ?? null);
  hints.track = source?.stream.getVideoTracks()[0] ?? null;
  if (sound.length > 0) {
    recording.available = false; // A take has the sound of its start.
  }
  sound = source?.stream.getAudioTracks() ?? [];
  recording.available = client.state === "connected";
});
client.on("stream", (stream) => stage.showAnnotated(stream));
client.on("state", ({ state }) => {
  recording.available = state === "connected";
  if (state === "failed" || state === "closed") {
    stage.showAnnotated(null);
  }
});
client.on("configured", ({ parts }) => inspector.setTracked(parts));
client.on("landmarks", showLive);
client.on("landmarks", (frame) => {
  hints.see(frame);
  if (frame.track === 0) {
    recorder.add(frame);
  }
});
session.on("snapshot", ({ frames }) => frames.forEach(showLive));
snapshotTab.on("frames", showSnapshot);

size.append(
  ...["320x240", "640x480", "960x540", "1280x720"].map((value) => new Option(value.replace("x", " × "), value)),
);
size.value = recall("size", SIZES);
size.addEventListener("change", () => {
  remember("size", size.value);
  controls.reopen();
  preview.reopen();
});
bindSwitch(draw, "draw", (on) => client.configure({ draw: on }));
bindSwitch(smoothing, "smoothing", (on) => client.configure({ smoothing: on }));

tabs.on("change", (tab) => {
  history.replaceState(null, "", location.pathname + location.search + hashWithTab(location.hash, TABS, tab));
  preview.close();
  inspector.showStill(tab === "snapshot" ? snapshotTab.frames : []);
  if (tab !== "snapshot") {
    snapshotTab.closeCamera();
  }
});
addEventListener("hashchange", () => tabs.select(tabInHash(location.hash, TABS)));

const shortcuts = {
  " ": byTab({ live: () => controls.toggle() }),
  p: byTab({ live: () => preview.toggle() }),
  m: byTab({ live: () => stage.toggleMirror(), snapshot: () => snapshotTab.toggleMirror() }),
  d: byTab({ live: () => draw.click(), snapshot: () => snapshotTab.toggleDrawing() }),
  s: byTab({ live: () => smoothing.click() }),
  l: byTab({ live: () => share.toggle() }),
  v: byTab({ live: () => stage.nextView() }),
  r: byTab({ live: () => recording.toggle() }),
  i: () => details.toggle(),
};
const { retry, ...remedies } = controls.remedies;
shell.start(shortcuts, { ...remedies, retry: () => preview.retry() || retry() });
tabs.select(tabInHash(location.hash, TABS));

/** Under another name, or under the one before if the server refuses that. */
async function publishAs(chosen: string): Promise<void> {
  const before = name;
  rename(chosen);
  await session.reconnect();
  if (session.status.problem === "refused") {
    rename(before);
  }
}

function rename(chosen: string | null): void {
  name = chosen;
  const address = new URL(location.href);
  if (name === null) {
    address.searchParams.delete("name");
  } else {
    address.searchParams.set("name", name);
  }
  history.replaceState(history.state, "", address);
}

/** Takes over the name from an earlier visit, and keeps the links valid. */
function ownKey(): string {
  const key = recallText("publisher-key") ?? makeKey();
  remember("publisher-key", key);
  return key;
}

function byTab(actions: Partial<Record<(typeof TABS)[number], () => void>>): () => void {
  return () => actions[tabs.current]?.();
}

function showLive(frame: HolisticFrame): void {
  if (tabs.current === "live") {
    window.holistic.lastFrame = frame;
    inspector.show(frame);
  }
}

function showSnapshot(frames: readonly HolisticFrame[]): void {
  if (tabs.current === "snapshot") {
    window.holistic.lastFrame = frames[0] ?? null;
    inspector.showStill(frames);
  }
}

function readSize(): Size {
  const [width, height] = size.value.split("x").map(Number);
  return { width: width!, height: height! };
}

function showStatus(status: Status): void {
  const over = status.state === "idle" || status.state === "failed" || status.state === "reconnecting";
  if (over && tabs.current === "live") {
    inspector.clear();
  }
  shell.showStatus(status);
}
