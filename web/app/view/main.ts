/** The page that watches a session, or lists those there are: makes its parts and ties them together. */

import { HolisticClient } from "holistic-rtc";
import { element, fadeIn } from "../base/dom.js";
import type { Status } from "../connection/status.js";
import { Viewing } from "../connection/viewing.js";
import { viewerMessages } from "../connection/words.js";
import { Details } from "../inspector/details.js";
import { FiguresView, WATCHED } from "../inspector/figures-view.js";
import { Inspector } from "../inspector/inspector.js";
import { makeCopyButton, makeFullScreenButton } from "../shell/buttons.js";
import { expose } from "../shell/debugging.js";
import { Shell } from "../shell/shell.js";
import { SessionList } from "./session-list.js";
import { SoundButton } from "./sound.js";

const shell = new Shell(viewerMessages);
const { access, server, translator } = shell;
const path = location.pathname.slice(new URL(document.baseURI).pathname.length);
const sessionId = path.replace(/^view\/?/, "").replace(/\/$/, "");

if (sessionId === "") {
  document.body.dataset.page = "list";
  listSessions();
} else {
  document.body.dataset.page = "session";
  watch();
}

function listSessions(): void {
  const list = new SessionList(translator, access);
  list.on("status", (status) => shell.showStatus(status));
  const follow = () => void list.follow(server);
  shell.start({}, { retry: follow });
  follow();
}

function watch(): void {
  const client = new HolisticClient({ ...server, maxPersons: null });
  expose(client);
  const viewing = new Viewing(client, sessionId, access.key);
  const inspector = new Inspector(translator);
  const details = new Details();
  new FiguresView(element("figures", HTMLElement), WATCHED, client, translator);
  const video = element("annotated-video", HTMLVideoElement);
  const copy = element("copy-link", HTMLButtonElement);

  element("session-id", HTMLElement).textContent = sessionId;
  const menuAvatar = element("menu-avatar", HTMLAnchorElement);
  menuAvatar.search = `?session=${encodeURIComponent(sessionId)}`;
  const keyHash = access.key === null ? "" : `#key=${access.key}`;
  if (access.key !== null) {
    delete menuAvatar.dataset.keepToken;
    menuAvatar.hash = keyHash;
  }
  document.title = `${sessionId} – ${document.title}`;
  fadeIn(video);
  const sound = new SoundButton(element("sound", HTMLButtonElement), video, translator);
  client.on("stream", (stream) => {
    video.srcObject = stream;
    sound.show(stream.getAudioTracks().length > 0);
  });
  client.on("configured", ({ parts }) => inspector.setTracked(parts));
  client.on("landmarks", (frame) => {
    if (frame.track === 0) {
      inspector.show(frame);
    }
  });
  viewing.on("status", (status: Status) => {
    const { state } = status;
    if (state !== "connected") {
      inspector.clear();
    }
    if (state === "failed") {
      video.srcObject = null;
    }
    shell.showStatus(status);
  });

  makeCopyButton(copy, translator, () => `${location.origin}${location.pathname}${keyHash}`);
  const start = () => void viewing.start();
  const shortcuts = {
    f: makeFullScreenButton(element("full-screen", HTMLButtonElement), element("stage", HTMLElement)),
    c: () => copy.click(),
    m: () => sound.toggle(),
    i: () => details.toggle(),
  };
  shell.start(shortcuts, { retry: start, sessions: true });
  start();
}
