/** The page that watches a session, or lists those there are: makes its parts and ties them together. */

import { HolisticClient } from "../sdk/src/index.js";
import { makeCopyButton } from "./copy-button.js";
import { expose } from "./debugging.js";
import { element } from "./dom.js";
import { FiguresView, WATCHED } from "./figures-view.js";
import { makeHeader } from "./header.js";
import type { Messages } from "./i18n/index.js";
import { Inspector } from "./inspector.js";
import { SessionList } from "./session-list.js";
import { listenForShortcuts } from "./shortcuts.js";
import { fadeIn } from "./stage.js";
import type { Problem, Status } from "./status.js";
import { StatusView } from "./status-view.js";
import { readToken } from "./token.js";
import { Viewing } from "./viewing.js";
import { tokenMessages, viewerMessages } from "./words.js";

/** After these, the same attempt would fail again. */
const FINAL: readonly (Problem | null)[] = [
  "insecure-context",
  "unsupported",
  "refused",
  "unauthorized",
  "session-unknown",
  "session-ended",
];

const token = readToken(location.hash);
const sessionId = location.pathname.replace(/^\/view\/?/, "");
const help = element("help", HTMLElement);

const translator = makeHeader();
const statusView = new StatusView(translator, (messages: Messages) =>
  token ? tokenMessages(viewerMessages(messages)) : viewerMessages(messages),
);

for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-keep-token]")) {
  link.hash = location.hash;
}
addEventListener("hashchange", () => location.reload());

if (sessionId === "") {
  document.body.dataset.page = "list";
  listSessions();
} else {
  document.body.dataset.page = "session";
  watch();
}
translator.use(translator.language);

function listSessions(): void {
  const list = new SessionList(translator);
  list.on("status", (status) => statusView.show(status));
  void list.follow({ token });
  listenForShortcuts({ "?": () => help.togglePopover() });
}

function watch(): void {
  const client = new HolisticClient({ token });
  expose(client);
  const viewing = new Viewing(client, sessionId);
  const inspector = new Inspector(translator);
  new FiguresView(element("figures", HTMLElement), WATCHED, client, translator);
  const stage = element("stage", HTMLElement);
  const video = element("annotated-video", HTMLVideoElement);
  const retry = element("retry", HTMLButtonElement);
  const allSessions = element("all-sessions", HTMLAnchorElement);
  const copy = element("copy-link", HTMLButtonElement);
  const fullScreen = element("full-screen", HTMLButtonElement);

  element("session-id", HTMLElement).textContent = sessionId;
  element("avatar-link", HTMLAnchorElement).search = `?session=${encodeURIComponent(sessionId)}`;
  document.title = `${sessionId} – ${document.title}`;
  fadeIn(video);
  client.on("stream", (stream) => (video.srcObject = stream));
  client.on("landmarks", (frame) => {
    if (frame.track === 0) {
      inspector.show(frame);
    }
  });
  viewing.on("status", (status: Status) => {
    const { state, problem } = status;
    if (state !== "connected") {
      inspector.clear();
    }
    if (state === "failed") {
      video.srcObject = null;
    }
    const final = FINAL.includes(problem);
    retry.hidden = state !== "failed" || final;
    allSessions.classList.toggle("primary", state === "failed" && final);
    statusView.show(status);
  });

  retry.addEventListener("click", () => void viewing.start());
  makeCopyButton(copy, translator, () => `${location.origin}${location.pathname}`);
  fullScreen.hidden = !document.fullscreenEnabled;
  fullScreen.addEventListener("click", toggleFullScreen);
  listenForShortcuts({
    f: toggleFullScreen,
    c: () => copy.click(),
    "?": () => help.togglePopover(),
  });
  void viewing.start();

  function toggleFullScreen(): void {
    void (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen());
  }
}
