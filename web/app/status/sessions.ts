/** The table of sessions, with a picture of those for which one is asked. */

import { abortable, HolisticClient, type ServerOptions, type SessionInfo } from "holistic-rtc";
import { element } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import type { Access } from "../shell/access.js";
import { texts } from "./i18n.js";
import { makeTable } from "./view.js";

const PICTURE_WIDTH = 192;
const PICTURE_MS = 10_000;

export class SessionTable {
  readonly #server: ServerOptions;
  readonly #translator: Translator;
  readonly #access: Access;
  /** By session, so that they survive that the table is made anew. */
  readonly #pictures = new Map<string, HTMLElement>();

  constructor(translator: Translator, access: Access) {
    this.#translator = translator;
    this.#access = access;
    this.#server = access.server;
    translator.on("change", () => this.#pictures.clear());
  }

  /**
   * @param listed - null if they may not be.
   */
  show(listed: readonly SessionInfo[] | null): void {
    const words = texts[this.#translator.language];
    const sessions = listed ?? [];
    element("no-sessions", HTMLElement).textContent = listed ? words.noSessions : words.notListed;
    for (const id of this.#pictures.keys()) {
      if (!sessions.some((session) => session.id === id)) {
        this.#pictures.delete(id);
      }
    }
    const rows = sessions.map((session) => [
      this.#link(session),
      session.started.toLocaleString(this.#translator.language, { dateStyle: "short", timeStyle: "short" }),
      session.tracks.map(({ width, height, fps }) => `${width} × ${height}, ${Math.round(fps)} fps`).join("; ") || "–",
      `${session.subscribers}`,
      this.#picture(session),
    ]);
    const table = element("session-table", HTMLElement);
    table.hidden = rows.length === 0;
    element("no-sessions", HTMLElement).hidden = rows.length > 0;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.session;
    table.replaceChildren(makeTable([words.session, words.since, words.videos, words.watching, words.picture], rows));
    table.querySelector<HTMLElement>(`[data-session="${focused}"]`)?.focus();
  }

  #link({ id, name }: SessionInfo): HTMLAnchorElement {
    const link = document.createElement("a");
    link.href = `view/${encodeURIComponent(name ?? id)}${this.#access.hash}`;
    link.textContent = name ?? id;
    link.dataset.session = `link-${id}`;
    return link;
  }

  #picture(session: SessionInfo): HTMLElement {
    const there = this.#pictures.get(session.id);
    if (there) {
      return there;
    }
    const words = texts[this.#translator.language];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = words.showPicture;
    button.dataset.session = `picture-${session.id}`;
    button.addEventListener("click", () => void this.#load(session, button));
    this.#pictures.set(session.id, button);
    return button;
  }

  /** Watch it until there is a picture. */
  async #load(session: SessionInfo, button: HTMLButtonElement): Promise<void> {
    const words = texts[this.#translator.language];
    button.disabled = true;
    const client = new HolisticClient(this.#server);
    const video = document.createElement("video");
    video.muted = true;
    client.on("stream", (stream) => (video.srcObject = stream));
    try {
      await client.subscribe(session, { landmarks: false });
      const picture = await draw(video);
      picture.role = "img";
      picture.ariaLabel = words.pictureOf(session.name ?? session.id);
      this.#pictures.set(session.id, picture);
      button.replaceWith(picture);
    } catch {
      button.textContent = words.noPicture;
      button.disabled = false;
    } finally {
      void client.close();
    }
  }
}

/**
 * @returns the first frame.
 * @throws DOMException there is none in time.
 */
async function draw(video: HTMLVideoElement): Promise<HTMLCanvasElement> {
  await Promise.all([video.play(), abortable(seen(video), AbortSignal.timeout(PICTURE_MS))]);
  const canvas = document.createElement("canvas");
  canvas.width = PICTURE_WIDTH;
  canvas.height = Math.round((PICTURE_WIDTH * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")!.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function seen(video: HTMLVideoElement): Promise<void> {
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}
