/** The buttons that start and stop, and the choice of what is sent. */

import { element } from "../base/dom.js";
import { CameraPicker, openCamera, type Size, type Source } from "../camera/camera.js";
import { openSampleClip } from "../camera/sample-clip.js";
import type { Remedies } from "../connection/status-view.js";
import type { Translator } from "../i18n/index.js";
import type { PageSession } from "./session.js";

export class PublishControls {
  readonly #session: PageSession;
  readonly #readSize: () => Size;
  readonly #audio: boolean;
  readonly #picker: CameraPicker;
  /** What Start, or another size, opens. */
  #kind: Source["kind"] = "camera";

  /**
   * @param readSize - of the video that is sent.
   * @param audio - whether to send sound, too.
   */
  constructor(session: PageSession, translator: Translator, readSize: () => Size, audio = false) {
    this.#session = session;
    this.#readSize = readSize;
    this.#audio = audio;
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

  /** Open the chosen camera, for another purpose than to send it. */
  async openCamera(size: Size): Promise<Source> {
    const source = await openCamera(this.#picker.deviceId, size);
    void this.#picker.refresh(); // Now their names are known.
    return source;
  }

  /** Start with the camera, or stop. */
  toggle(): void {
    if (this.#session.running) {
      this.#session.stop();
    } else {
      this.#use("camera");
    }
  }

  /** What the card does that says what went wrong. */
  get remedies(): Required<Pick<Remedies, "retry" | "sample">> {
    return { retry: () => this.#useAgain(this.#kind), sample: () => this.#useAgain("sample") };
  }

  #useAgain(kind: Source["kind"]): void {
    element("start", HTMLButtonElement).focus(); // The focus goes on to Stop.
    this.#use(kind);
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
    void this.#session.use(() => (kind === "camera" ? openCamera(deviceId, size, this.#audio) : openSampleClip(size)));
  }

  #update(): void {
    const { running, status } = this.#session;
    const { state } = status;
    const start = element("start", HTMLButtonElement);
    const stop = element("stop", HTMLButtonElement);
    const sample = element("sample", HTMLButtonElement);
    const focused = document.activeElement;
    start.hidden = running;
    stop.hidden = !running;
    sample.hidden = state === "connected";
    if (focused === start || focused === stop || (focused === sample && sample.hidden)) {
      (running ? stop : start).focus();
    }
    sample.ariaPressed = String(running && this.#kind === "sample");
  }
}
