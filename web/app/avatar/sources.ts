/** Who moves the avatar: somebody before one's own camera, or before that of a running session. */

import { type HolisticClient, HolisticError, type SessionInfo } from "../../sdk/src/index.js";
import { CameraPicker, openCamera, type Source } from "../camera.js";
import { element } from "../dom.js";
import type { Translator } from "../i18n/index.js";
import { openSampleClip } from "../sample-clip.js";
import { type OpenSource, PageSession } from "../session.js";
import type { Status } from "../status.js";
import { Viewing } from "../viewing.js";
import { CameraPreview, PREVIEW_PARTS } from "./camera-preview.js";
import { bindSwitch } from "./controls.js";
import { Following } from "./following.js";

export interface AvatarSource {
  start: () => void;
  shortcuts: Record<string, () => void>;
}

/** What the tracker works on; the picture itself is only seen in a corner. */
const CAMERA_SIZE = { width: 640, height: 480 };

interface CameraOptions {
  translator: Translator;
  showStatus: (status: Status) => void;
}

/** One's own camera, or the sample clip. Only its landmarks come back, which spares the server the drawing. */
export function useCamera(client: HolisticClient, { translator, showStatus }: CameraOptions): AvatarSource {
  const start = element("start", HTMLButtonElement);
  const stop = element("stop", HTMLButtonElement);
  const sample = element("sample", HTMLButtonElement);
  const camera = element("camera", HTMLSelectElement);
  const showPreview = element("show-preview", HTMLInputElement);
  const preview = new CameraPreview();
  const picker = new CameraPicker(camera, () => translator.messages);
  let newestError: Error = new HolisticError("ice-failed", "live video can't get through");
  const session = new PageSession(
    {
      on: (...listener) => client.on(...listener),
      connect: (stream) => client.connect(stream, { video: false }),
      replaceTrack: (track) => client.replaceTrack(track),
      close: () => client.close(),
    },
    // Pictures that stand for themselves move no avatar, so that where video can't get through, that is the end of it.
    () => Promise.reject(newestError),
  );
  client.on("error", (error) => (newestError = error));
  let kind: Source["kind"] = "camera";
  const open: Record<Source["kind"], OpenSource> = {
    camera: () => openCamera(picker.deviceId, CAMERA_SIZE),
    sample: () => openSampleClip(CAMERA_SIZE),
  };
  const use = (wanted: Source["kind"]) => {
    kind = wanted;
    void session.use(open[wanted]);
  };

  session.on("source", (source) => {
    preview.show(source?.stream ?? null);
    if (source?.kind === "camera") {
      void picker.refresh(); // Now their names are known.
    }
  });
  session.on("status", (status) => {
    const focused = document.activeElement;
    start.hidden = session.running;
    stop.hidden = !session.running;
    if (focused === start || focused === stop) {
      (session.running ? stop : start).focus();
    }
    sample.ariaPressed = String(session.running && kind === "sample");
    showStatus(status);
  });
  start.addEventListener("click", () => use("camera"));
  sample.addEventListener("click", () => use("sample"));
  stop.addEventListener("click", () => session.stop());
  camera.addEventListener("change", () => session.running && use("camera"));
  translator.on("change", () => void picker.refresh());
  addEventListener("pagehide", () => session.stop());
  client.on("landmarks", (frame) => frame.track === 0 && preview.draw(frame));
  bindSwitch(showPreview, "avatar-preview", (on) => {
    preview.want(on);
    client.configure({ parts: on ? ["rig", ...PREVIEW_PARTS] : ["rig"] });
  });
  return {
    start: () => use("camera"),
    shortcuts: { " ": () => (session.running ? session.stop() : use("camera")), p: () => showPreview.click() },
  };
}

interface SessionOptions {
  sessionId: string;
  showStatus: (status: Status) => void;
}

export function useSession(client: HolisticClient, { sessionId, showStatus }: SessionOptions): AvatarSource {
  const retry = element("retry", HTMLButtonElement);
  const viewing = new Viewing(withoutVideo(client), sessionId);
  const start = () => void viewing.start();
  viewing.on("status", (status) => {
    retry.hidden = status.state !== "failed";
    showStatus(status);
  });
  retry.addEventListener("click", start);
  return { start, shortcuts: {} };
}

interface OnlySessionOptions {
  list: () => Promise<SessionInfo[]>;
  showStatus: (status: Status) => void;
}

export function useOnlySession(client: HolisticClient, { list, showStatus }: OnlySessionOptions): AvatarSource {
  const following = new Following(withoutVideo(client), list);
  following.on("status", showStatus);
  return { start: () => void following.start(), shortcuts: {} };
}

function withoutVideo(client: HolisticClient): Pick<HolisticClient, "on" | "subscribe"> {
  return { on: (...listener) => client.on(...listener), subscribe: (id) => client.subscribe(id, { video: false }) };
}
