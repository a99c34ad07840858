/** The page that sends a camera: makes its parts and ties them together. */

import { HolisticClient, takeSnapshot } from "../sdk/src/index.js";
import { CameraPicker, openCamera, type Size } from "./camera.js";
import { expose } from "./debugging.js";
import { element } from "./dom.js";
import { FallbackView } from "./fallback-view.js";
import { FiguresView, PUBLISHED } from "./figures-view.js";
import { makeHeader } from "./header.js";
import { Inspector } from "./inspector.js";
import { recall, remember } from "./preferences.js";
import { openSampleClip } from "./sample-clip.js";
import { PageSession } from "./session.js";
import { Share } from "./share.js";
import { listenForShortcuts } from "./shortcuts.js";
import { postStills } from "./snapshot-loop.js";
import { StageView } from "./stage.js";
import type { Status } from "./status.js";
import { StatusView } from "./status-view.js";
import { readToken } from "./token.js";
import { tokenMessages } from "./words.js";

const SIZES = ["640x480", "320x240", "960x540", "1280x720"] as const;

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
const statusView = new StatusView(translator, (messages) => (token ? tokenMessages(messages) : messages));
const stage = new StageView();
const picker = new CameraPicker(camera, () => translator.messages);
const inspector = new Inspector(translator);
const share = new Share(client, translator, Boolean(token));
new FiguresView(element("figures", HTMLElement), PUBLISHED, client, translator);
new FallbackView(session, translator);

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
client.on("landmarks", (frame) => inspector.show(frame));
session.on("snapshot", ({ frame }) => {
  window.holistic.lastFrame = frame;
  inspector.show(frame);
});
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

document.querySelector<HTMLAnchorElement>("a[data-keep-token]")!.hash = location.hash;
addEventListener("hashchange", () => location.reload()); // It has another token.

listenForShortcuts({
  " ": () => (session.running ? session.stop() : use("camera")),
  m: () => stage.toggleMirror(),
  d: () => draw.click(),
  s: () => smoothing.click(),
  l: () => share.toggle(),
  v: () => stage.nextView(),
  "?": () => element("help", HTMLElement).togglePopover(),
});

translator.on("change", () => void picker.refresh());
translator.use(translator.language);

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
  if (status.state === "idle" || status.state === "failed" || status.state === "reconnecting") {
    inspector.clear();
  }
  statusView.show(status);
}
