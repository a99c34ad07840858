/** Who moves the avatar: somebody before one's own camera, or before that of a running session. */

import { type HolisticClient, HolisticError, type SessionInfo } from "holistic-rtc";
import { element } from "../base/dom.js";
import { bindSwitch } from "../base/switch.js";
import type { Remedies } from "../connection/status-view.js";
import type { Status } from "../connection/status.js";
import { Viewing } from "../connection/viewing.js";
import type { Translator } from "../i18n/index.js";
import { PublishControls } from "../publish/controls.js";
import { PageSession } from "../publish/session.js";
import { CameraPreview, PREVIEW_PARTS } from "./camera-preview.js";
import { OnlySessionFollower } from "./follow-only-session.js";

export interface AvatarSource {
  start: () => void;
  remedies: Remedies;
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
  const showPreview = element("show-preview", HTMLInputElement);
  const preview = new CameraPreview();
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
  const controls = new PublishControls(session, translator, () => CAMERA_SIZE);
  client.on("error", (error) => (newestError = error));
  session.on("source", (source) => preview.show(source?.stream ?? null));
  session.on("status", showStatus);
  client.on("landmarks", (frame) => frame.track === 0 && preview.draw(frame));
  bindSwitch(showPreview, "avatar-preview", (on) => {
    preview.want(on);
    client.configure({ parts: on ? ["rig", ...PREVIEW_PARTS] : ["rig"] });
  });
  return {
    start: () => controls.toggle(),
    remedies: controls.remedies,
    shortcuts: { " ": () => controls.toggle(), p: () => showPreview.click() },
  };
}

interface SessionOptions {
  sessionId: string;
  /** Its viewing key; null where none is needed. */
  key: string | null;
  showStatus: (status: Status) => void;
}

export function useSession(client: HolisticClient, { sessionId, key, showStatus }: SessionOptions): AvatarSource {
  const viewing = new Viewing(withoutVideo(client), sessionId, key);
  const start = () => void viewing.start();
  viewing.on("status", showStatus);
  return { start, remedies: { retry: start, sessions: true }, shortcuts: {} };
}

interface OnlySessionOptions {
  list: () => Promise<SessionInfo[]>;
  showStatus: (status: Status) => void;
}

export function useOnlySession(client: HolisticClient, { list, showStatus }: OnlySessionOptions): AvatarSource {
  const follower = new OnlySessionFollower(withoutVideo(client), list);
  follower.on("status", showStatus);
  return { start: () => void follower.start(), remedies: {}, shortcuts: {} }; // OBS shows no buttons.
}

function withoutVideo(client: HolisticClient): Pick<HolisticClient, "on" | "subscribe"> {
  return {
    on: (...listener) => client.on(...listener),
    subscribe: (id, options) => client.subscribe(id, { ...options, video: false }),
  };
}
