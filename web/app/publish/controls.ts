/** The buttons that start and stop, and the choice of what is sent. */

import { element } from "../base/dom.js";
import { CameraPicker, openCamera, type Size, type Source } from "../camera/camera.js";
import { openSampleClip } from "../camera/sample-clip.js";
import type { Translator } from "../i18n/index.js";
import type { PageSession } from "./session.js";

export class PublishControls {
  readonly #session: PageSession;
  readonly #readSize: () => Size;
  readonly #picker: CameraPicker;
  /** What Start, or another size, opens. */
  #kind: Source["kind"] = "camera";

  /**
   * @param readSize - of the video that is sent.
   */
  constructor(session: PageSession, translator: Translator, readSize: () => Size) {
    this.#session = session;
    this.#readSize = readSize;
    const camera = element("camera", HTMLSelectElement);
    this.#picker = new CameraPicker(camera, () => translator.messages);
    element("start", HTMLButtonElement).addEventListener("click", () => this.#use("camera"));
    element("sample", HTMLButtonElement).addEventListener("click", () => this.#use("sample"));
    element("stop", HTMLButtonElement).addEventListener("click", () => session.stop());
    camera.addEventListener("change", () => session.running && this.#use("camera"));
    translator.on("change", () => void this.#picker.refresh());
    session.on("source", (source) => {
      if (source?.kind === "camera") {
        void this.#picker.refresh(); // Now their names are known.
      }
    });
    session.on("status", () => this.#update());
    addEventListener("pagehide", () => session.stop());
  }

  /** Of the chosen camera. */
  get deviceId(): string {
    return this.#picker.deviceId;
  }

  /** Start with the camera, or stop. */
  toggle(): void {
    if (this.#session.running) {
      this.#session.stop();
    } else {
      this.#use("camera");
    }
  }

  /** Open what is sent anew, in the size that is wanted now. */
  reopen(): void {
    if (this.#session.running) {
      this.#use(this.#kind);
    }
  }

  #use(kind: Source["kind"]): void {
    this.#kind = kind;
    const size = this.#readSize();
    const { deviceId } = this.#picker;
    void this.#session.use(() => (kind === "camera" ? openCamera(deviceId, size) : openSampleClip(size)));
  }

  #update(): void {
    const { running } = this.#session;
    const start = element("start", HTMLButtonElement);
    const stop = element("stop", HTMLButtonElement);
    const focused = document.activeElement;
    start.hidden = running;
    stop.hidden = !running;
    if (focused === start || focused === stop) {
      (running ? stop : start).focus();
    }
    element("sample", HTMLButtonElement).ariaPressed = String(running && this.#kind === "sample");
  }
}
