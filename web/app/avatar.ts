/** The page with the avatar: makes its parts and ties them together. */

import { HolisticClient, listSessions } from "../sdk/src/index.js";
import { Controls } from "./avatar/controls.js";
import { Motion } from "./avatar/motion.js";
import { useCamera, useOnlySession, useSession } from "./avatar/sources.js";
import { AvatarStage } from "./avatar/stage.js";
import { makeCopyButton } from "./copy-button.js";
import { expose } from "./debugging.js";
import { element } from "./dom.js";
import { makeHeader } from "./header.js";
import type { Messages } from "./i18n/index.js";
import { listenForShortcuts } from "./shortcuts.js";
import type { Status } from "./status.js";
import { StatusView } from "./status-view.js";
import { readToken } from "./token.js";
import { tokenMessages, viewerMessages } from "./words.js";

const query = new URLSearchParams(location.search);
const sessionId = query.get("session");
const overlay = query.get("overlay") === "1";
/** An overlay has no camera: without a session's id it follows the only one there is. */
const usesCamera = sessionId === null && !overlay;
const token = readToken(location.hash);
document.body.dataset.source = usesCamera ? "camera" : "session";
document.body.toggleAttribute("data-overlay", overlay);

const client = new HolisticClient({ token, parts: ["rig"] });
expose(client);
const translator = makeHeader();
const statusView = new StatusView(translator, (messages: Messages) => {
  const own = usesCamera ? messages : viewerMessages(messages);
  return token ? tokenMessages(own) : own;
});
const motion = new Motion();
const stage = new AvatarStage(translator, motion);
const controls = new Controls(motion);
const copyOverlay = element("copy-overlay", HTMLButtonElement);
const fullScreen = element("full-screen", HTMLButtonElement);

client.on("landmarks", ({ track, rig, timestampMs }) => {
  if (track === 0) {
    motion.take(rig, timestampMs, performance.now());
    controls.update();
    document.body.toggleAttribute("data-moved", true);
  }
});
// Of one session where this page shows that; else of whichever is the only one, as it has another id at each start.
copyOverlay.dataset.i18nLabel = sessionId === null ? "avatar.copyOverlayTip" : "avatar.copySessionTip";
makeCopyButton(copyOverlay, translator, () => {
  const session = sessionId === null ? "" : `&session=${encodeURIComponent(sessionId)}`;
  return `${location.origin}/avatar?overlay=1${session}${location.hash}`;
});
fullScreen.hidden = !document.fullscreenEnabled;
fullScreen.addEventListener("click", toggleFullScreen);
for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-keep-token]")) {
  link.hash = location.hash;
}
addEventListener("hashchange", () => location.reload());

const source = usesCamera
  ? useCamera(client, { translator, showStatus })
  : sessionId === null
    ? useOnlySession(client, { list: () => listSessions({ token }), showStatus })
    : useSession(client, { sessionId, showStatus });
listenForShortcuts({
  m: () => controls.mirror.click(),
  u: () => controls.upperBody.click(),
  c: () => controls.calibrate.click(),
  o: () => stage.choose(),
  f: toggleFullScreen,
  "?": () => element("help", HTMLElement).togglePopover(),
  ...source.shortcuts,
});
translator.use(translator.language);
if (!usesCamera) {
  source.start();
}

function showStatus(status: Status): void {
  const { state } = status;
  if (state !== "connected" && state !== "reconnecting") {
    motion.rest();
    controls.update();
  }
  statusView.show(status);
}

function toggleFullScreen(): void {
  void (document.fullscreenElement ? document.exitFullscreen() : element("stage", HTMLElement).requestFullscreen());
}
