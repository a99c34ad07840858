/** The page with the avatar: makes its parts and ties them together. */

import { HolisticClient, listSessions } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Status } from "../connection/status.js";
import { viewerMessages } from "../connection/words.js";
import { toBvh } from "../recording/bvh.js";
import { MOTION_LIMIT_BYTES, MotionWriter } from "../recording/motion.js";
import { RecorderView } from "../recording/recorder-view.js";
import { Recorder } from "../recording/recorder.js";
import { toVrma } from "../recording/vrma.js";
import { makeCopyButton, makeFullScreenButton } from "../shell/buttons.js";
import { Companions } from "../shell/companions.js";
import { expose } from "../shell/debugging.js";
import { Shell } from "../shell/shell.js";
import { Controls } from "./controls.js";
import { Motion } from "./motion.js";
import { AT_EASE } from "./rig-pose.js";
import { useCamera, useOnlySession, useSession } from "./sources.js";
import { AvatarStage } from "./stage.js";

const query = new URLSearchParams(location.search);
const sessionId = query.get("session");
const overlay = query.get("overlay") === "1";
/** An overlay has no camera: without a session's id it follows the only one there is. */
const usesCamera = sessionId === null && !overlay;
document.body.dataset.source = usesCamera ? "camera" : "session";
document.body.toggleAttribute("data-overlay", overlay);

const shell = new Shell(usesCamera ? undefined : viewerMessages);
const { access, server, translator } = shell;
const client = new HolisticClient({ ...server, parts: ["rig"] });
expose(client);
const motion = new Motion();
const stage = new AvatarStage(translator, motion);
const controls = new Controls(motion);
const recorder = new Recorder(
  () => [
    new MotionWriter(AT_EASE, (poses) => [
      { suffix: ".bvh", content: new Blob(toBvh(poses), { type: "text/plain" }) },
      { suffix: ".vrma", content: new Blob(toVrma(poses), { type: "model/gltf-binary" }) },
    ]),
  ],
  MOTION_LIMIT_BYTES,
);
const recording = new RecorderView({ recorder, translator, data: "motion", stream: () => null });
const copyOverlay = element("copy-overlay", HTMLButtonElement);

client.on("state", ({ state }) => (recording.available = state === "connected" && !overlay));
client.on("landmarks", (frame) => {
  const { track, rig, timestampMs } = frame;
  if (track === 0) {
    recorder.add(frame);
    motion.take(rig, timestampMs, performance.now());
    controls.update();
    document.body.toggleAttribute("data-moved", true);
  }
});
// Of one session where this page shows that; else of whichever is the only one, as it has another id at each start.
copyOverlay.dataset.i18nLabel = sessionId === null ? "avatar.copyOverlayTip" : "avatar.copySessionTip";
makeCopyButton(copyOverlay, translator, async () => {
  const session = sessionId === null ? "" : `&session=${encodeURIComponent(sessionId)}`;
  return `${document.baseURI}avatar?overlay=1${session}${await access.avatarHash(sessionId)}`;
});

const source = usesCamera
  ? useCamera(client, { translator, showStatus })
  : sessionId === null
    ? useOnlySession(client, { list: () => listSessions(server), showStatus })
    : useSession(client, { sessionId, key: access.key, showStatus });
const shortcuts = {
  m: () => controls.mirror.click(),
  u: () => controls.upperBody.click(),
  c: () => controls.calibrate.click(),
  o: () => stage.choose(),
  r: () => recording.toggle(),
  f: makeFullScreenButton(element("full-screen", HTMLButtonElement), element("stage", HTMLElement)),
  ...source.shortcuts,
};
shell.start(shortcuts, source.remedies);
if (usesCamera) {
  new Companions(client, "avatar");
} else {
  source.start();
}

function showStatus(status: Status): void {
  const { state } = status;
  if (state !== "connected" && state !== "reconnecting") {
    motion.rest();
    controls.update();
  }
  shell.showStatus(status);
}
