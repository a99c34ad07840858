/** The page: makes its parts and ties them together. */

import { HolisticClient, type HolisticFrame } from "../sdk/src/index.js";
import { CameraPicker, openCamera, type Size } from "./camera.js";
import { element } from "./dom.js";
import { FiguresView } from "./figures-view.js";
import { type Language, preferredLanguage, Translator } from "./i18n/index.js";
import { Inspector } from "./inspector.js";
import { recall, remember } from "./preferences.js";
import { openSampleClip } from "./sample-clip.js";
import { PageSession, type Status } from "./session.js";
import { listenForShortcuts } from "./shortcuts.js";
import { applyTheme, toggleTheme } from "./theme.js";
import { StageView } from "./view.js";

declare global {
  interface Window {
    /** For debugging in the browser's console, and for tests. */
    holistic: { client: HolisticClient; lastFrame: HolisticFrame | null };
  }
}

const SIZES = ["640x480", "320x240", "960x540", "1280x720"] as const;

const start = element("start", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const sample = element("sample", HTMLButtonElement);
const draw = element("draw", HTMLInputElement);
const camera = element("camera", HTMLSelectElement);
const size = element("size", HTMLSelectElement);

const client = new HolisticClient();
window.holistic = { client, lastFrame: null };

applyTheme();
const translator = new Translator(recall<Language>("language", languageChoices()));
const session = new PageSession(client);
const stage = new StageView(translator, session.status);
const picker = new CameraPicker(camera, () => translator.messages);
const inspector = new Inspector(translator);
new FiguresView(element("figures", HTMLElement), client, translator);

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
client.on("landmarks", (frame) => {
  window.holistic.lastFrame = frame;
  inspector.show(frame);
});

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

draw.checked = recall("draw", ["on", "off"]) === "on";
draw.addEventListener("change", applyDraw);
applyDraw();

element("language", HTMLButtonElement).addEventListener("click", () => {
  const language = translator.language === "en" ? "zh" : "en";
  remember("language", language);
  translator.use(language);
});
element("theme", HTMLButtonElement).addEventListener("click", toggleTheme);

listenForShortcuts({
  " ": () => (session.running ? session.stop() : use("camera")),
  m: () => stage.toggleMirror(),
  d: () => draw.click(),
  v: () => stage.nextView(),
  "?": () => element("help", HTMLElement).togglePopover(),
});

translator.on("change", () => void picker.refresh());
translator.use(translator.language);
stage.showStatus(session.status);

function use(wanted: "camera" | "sample"): void {
  kind = wanted;
  const picture = readSize();
  void session.use(() => (wanted === "camera" ? openCamera(picker.deviceId, picture) : openSampleClip(picture)));
}

function readSize(): Size {
  const [width, height] = size.value.split("x").map(Number);
  return { width: width!, height: height! };
}

function applyDraw(): void {
  client.configure({ draw: draw.checked });
  remember("draw", draw.checked ? "on" : "off");
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
  stage.showStatus(status);
}

function languageChoices(): [Language, Language] {
  const preferred = preferredLanguage(navigator.languages);
  return [preferred, preferred === "en" ? "zh" : "en"];
}
