/** The page that sends a camera: makes its parts and ties them together. */

import { HolisticClient, type HolisticFrame, takeSnapshot } from "../sdk/src/index.js";
import { CameraPicker, openCamera, type Size } from "./camera.js";
import { expose } from "./debugging.js";
import { element } from "./dom.js";
import { FallbackView } from "./fallback-view.js";
import { FiguresView, PUBLISHED } from "./figures-view.js";
import { makeHeader } from "./header.js";
import type { Messages } from "./i18n/index.js";
import { Inspector } from "./inspector.js";
import { recall, remember } from "./preferences.js";
import { openSampleClip } from "./sample-clip.js";
import { PageSession } from "./session.js";
import { Share } from "./share.js";
import { listenForShortcuts } from "./shortcuts.js";
import { postStills } from "./snapshot-loop.js";
import { SnapshotTab } from "./snapshot-tab.js";
import { StageView } from "./stage.js";
import type { Status } from "./status.js";
import { StatusView } from "./status-view.js";
import { hashWithTab, tabInHash, Tabs } from "./tabs.js";
import { readToken } from "./token.js";
import { tokenMessages } from "./words.js";

const SIZES = ["640x480", "320x240", "960x540", "1280x720"] as const;

const TABS = ["live", "snapshot"] as const;
/** Of what the snapshot tab's camera is to give; the picture's details matter more than its pace. */
const CAMERA_SIZE = { width: 1280, height: 720 };

const start = element("start", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const sample = element("sample", HTMLButtonElement);
const draw = element("draw", HTMLInputElement);
const smoothing = element("smoothing", HTMLInputElement);
const camera = element("camera", HTMLSelectElement);
const size = element("size", HTMLSelectElement);

const token = readToken(location.hash);
const client = new HolisticClient({ token });
expose(client);

const translator = makeHeader();
const session = new PageSession(client, (stream, events, signal) =>
  postStills(stream, (picture) => takeSnapshot(picture, { token, draw: draw.checked, signal }), events, signal),
);
const adapt = (messages: Messages) => (token ? tokenMessages(messages) : messages);
const statusView = new StatusView(translator, adapt);
const stage = new StageView();
const picker = new CameraPicker(camera, () => translator.messages);
const inspector = new Inspector(translator);
const share = new Share(client, translator, Boolean(token));
new FiguresView(element("figures", HTMLElement), PUBLISHED, client, translator);
new FallbackView(session, translator);
const tabs = new Tabs(TABS);
const snapshotTab = new SnapshotTab(translator, {
  take: (picture, options) => takeSnapshot(picture, { ...options, token }),
  openCamera: () => openCamera(picker.deviceId, CAMERA_SIZE),
  adapt,
});

/** What Start, or a change of size, opens. */
let kind: "camera" | "sample" = "camera";

session.on("status", showStatus);
session.on("source", (source) => {
  stage.showRaw(source?.stream ?? null);
  if (source?.kind === "camera") {
    void picker.refresh(); // Now their names are known.
  }
});
client.on("stream", (stream) => stage.showAnnotated(stream));
client.on("state", ({ state }) => {
  if (state === "failed" || state === "closed") {
    stage.showAnnotated(null);
  }
});
client.on("landmarks", showLive);
session.on("snapshot", ({ frame }) => showLive(frame));
snapshotTab.on("frame", showSnapshot);
addEventListener("pagehide", () => session.stop());

start.addEventListener("click", () => use("camera"));
sample.addEventListener("click", () => use("sample"));
stop.addEventListener("click", () => session.stop());

size.append(
  ...["320x240", "640x480", "960x540", "1280x720"].map((value) => new Option(value.replace("x", " × "), value)),
);
size.value = recall("size", SIZES);
size.addEventListener("change", () => {
  remember("size", size.value);
  if (session.running) {
    use(kind);
  }
});
camera.addEventListener("change", () => {
  if (session.running) {
    use("camera");
  }
});

bindSwitch(draw, "draw");
bindSwitch(smoothing, "smoothing");

tabs.on("change", (tab) => {
  history.replaceState(null, "", hashWithTab(location.hash, TABS, tab) || location.pathname);
  inspector.showStill(tab === "snapshot" ? snapshotTab.frame : null);
  if (tab !== "snapshot") {
    snapshotTab.closeCamera();
  }
});
for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-keep-token]")) {
  link.hash = hashWithTab(location.hash, TABS, "live");
}
addEventListener("hashchange", () => {
  if (readToken(location.hash) === token) {
    tabs.select(tabInHash(location.hash, TABS));
  } else {
    location.reload();
  }
});

listenForShortcuts({
  " ": whenLive(() => (session.running ? session.stop() : use("camera"))),
  m: () => (tabs.current === "live" ? stage.toggleMirror() : snapshotTab.toggleMirror()),
  d: () => (tabs.current === "live" ? draw.click() : snapshotTab.toggleDrawing()),
  s: whenLive(() => smoothing.click()),
  l: whenLive(() => share.toggle()),
  v: whenLive(() => stage.nextView()),
  "?": () => element("help", HTMLElement).togglePopover(),
});

translator.on("change", () => void picker.refresh());
translator.use(translator.language);
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

function showSnapshot(frame: HolisticFrame | null): void {
  if (tabs.current === "snapshot") {
    window.holistic.lastFrame = frame;
    inspector.showStill(frame);
  }
}

function use(wanted: "camera" | "sample"): void {
  kind = wanted;
  const picture = readSize();
  void session.use(() => (wanted === "camera" ? openCamera(picker.deviceId, picture) : openSampleClip(picture)));
}

function readSize(): Size {
  const [width, height] = size.value.split("x").map(Number);
  return { width: width!, height: height! };
}

/** Remember what is chosen, and have the server do it. */
function bindSwitch(input: HTMLInputElement, setting: "draw" | "smoothing"): void {
  const apply = () => {
    client.configure({ [setting]: input.checked });
    remember(setting, input.checked ? "on" : "off");
  };
  input.checked = recall(setting, ["on", "off"]) === "on";
  input.addEventListener("change", apply);
  apply();
}

function showStatus(status: Status): void {
  const focused = document.activeElement;
  const running = session.running;
  start.hidden = running;
  stop.hidden = !running;
  if (focused === start && running) {
    stop.focus();
  } else if (focused === stop && !running) {
    start.focus();
  }
  sample.ariaPressed = String(running && kind === "sample");
  const over = status.state === "idle" || status.state === "failed" || status.state === "reconnecting";
  if (over && tabs.current === "live") {
    inspector.clear();
  }
  statusView.show(status);
}
