/** The page that sends a camera: makes its parts and ties them together. */

import { HolisticClient, type HolisticFrame, takeSnapshot } from "holistic-rtc";
import { element } from "../base/dom.js";
import { recall, remember } from "../base/preferences.js";
import { bindSwitch } from "../base/switch.js";
import { openCamera, type Size } from "../camera/camera.js";
import type { Status } from "../connection/status.js";
import { FiguresView, PUBLISHED } from "../inspector/figures-view.js";
import { Inspector } from "../inspector/inspector.js";
import { PublishControls } from "../publish/controls.js";
import { PageSession } from "../publish/session.js";
import { postStills } from "../publish/snapshot-loop.js";
import { expose } from "../shell/debugging.js";
import { Shell } from "../shell/shell.js";
import { SnapshotTab } from "../snapshot/tab.js";
import { FallbackView } from "./fallback-view.js";
import { Share } from "./share.js";
import { StageView } from "./stage.js";
import { hashWithTab, tabInHash, Tabs } from "./tabs.js";

const SIZES = ["640x480", "320x240", "960x540", "1280x720"] as const;

const TABS = ["live", "snapshot"] as const;
/** Of what the snapshot tab's camera is to give; the picture's details matter more than its pace. */
const SNAPSHOT_SIZE = { width: 1280, height: 720 };

const draw = element("draw", HTMLInputElement);
const smoothing = element("smoothing", HTMLInputElement);
const size = element("size", HTMLSelectElement);

const shell = new Shell();
const { token, translator } = shell;
const client = new HolisticClient({ token, maxPersons: null });
expose(client);

const session = new PageSession(client, (stream, events, signal) =>
  postStills(
    stream,
    (picture) => takeSnapshot(picture, { token, maxPersons: null, draw: draw.checked, signal }),
    events,
    signal,
  ),
);
const controls = new PublishControls(session, translator, readSize);
const stage = new StageView();
const inspector = new Inspector(translator);
const share = new Share(client, translator);
new FiguresView(element("figures", HTMLElement), PUBLISHED, client, translator);
new FallbackView(session, translator);
const tabs = new Tabs(TABS);
const snapshotTab = new SnapshotTab(translator, {
  take: (picture, options) => takeSnapshot(picture, { ...options, maxPersons: null, token }),
  openCamera: () => openCamera(controls.deviceId, SNAPSHOT_SIZE),
  adapt: (messages) => shell.adapt(messages),
});

session.on("status", showStatus);
session.on("source", (source) => stage.showRaw(source?.stream ?? null));
client.on("stream", (stream) => stage.showAnnotated(stream));
client.on("state", ({ state }) => {
  if (state === "failed" || state === "closed") {
    stage.showAnnotated(null);
  }
});
client.on("configured", ({ parts }) => inspector.setTracked(parts));
client.on("landmarks", showLive);
session.on("snapshot", ({ frames }) => frames.forEach(showLive));
snapshotTab.on("frames", showSnapshot);

size.append(
  ...["320x240", "640x480", "960x540", "1280x720"].map((value) => new Option(value.replace("x", " × "), value)),
);
size.value = recall("size", SIZES);
size.addEventListener("change", () => {
  remember("size", size.value);
  controls.reopen();
});
bindSwitch(draw, "draw", (on) => client.configure({ draw: on }));
bindSwitch(smoothing, "smoothing", (on) => client.configure({ smoothing: on }));

tabs.on("change", (tab) => {
  history.replaceState(null, "", hashWithTab(location.hash, TABS, tab) || location.pathname);
  inspector.showStill(tab === "snapshot" ? snapshotTab.frames : []);
  if (tab !== "snapshot") {
    snapshotTab.closeCamera();
  }
});
addEventListener("hashchange", () => tabs.select(tabInHash(location.hash, TABS)));

shell.start({
  " ": whenLive(() => controls.toggle()),
  m: () => (tabs.current === "live" ? stage.toggleMirror() : snapshotTab.toggleMirror()),
  d: () => (tabs.current === "live" ? draw.click() : snapshotTab.toggleDrawing()),
  s: whenLive(() => smoothing.click()),
  l: whenLive(() => share.toggle()),
  v: whenLive(() => stage.nextView()),
});
tabs.select(tabInHash(location.hash, TABS));

function whenLive(action: () => void): () => void {
  return () => tabs.current === "live" && action();
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
