/** What the camera sees, before any of it is sent. */

import { element } from "../base/dom.js";
import { type Source, SourceError } from "../camera/camera.js";
import { failedStatus, IDLE, type Status } from "../connection/status.js";
import type { PageSession } from "../publish/session.js";

export interface PreviewOptions {
  session: PageSession;
  open: () => Promise<Source>;
  show: (stream: MediaStream | null) => void;
  showStatus: (status: Status) => void;
}

/** Begun and ended by its button, and ended by Start. */
export class Preview {
  readonly #options: PreviewOptions;
  readonly #button = element("preview", HTMLButtonElement);
  #wanted = false;
  #failed = false;
  #opening = 0;
  #source: Source | null = null;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.#button.addEventListener("click", () => (this.#wanted ? this.close() : void this.#open()));
    options.session.on("status", () => {
      this.#end();
      this.#button.hidden = options.session.running;
    });
  }

  toggle(): void {
    if (!this.#options.session.running) {
      this.#button.click();
    }
  }

  /** Try again, if it is the preview that failed. @returns whether it is. */
  retry(): boolean {
    const failed = this.#failed;
    if (failed) {
      this.#button.focus();
      void this.#open();
    }
    return failed;
  }

  /** Show another camera, or another size, as it is wanted now. */
  reopen(): void {
    if (this.#wanted) {
      void this.#open();
    }
  }

  close(): void {
    if (this.#wanted) {
      this.#end();
      this.#options.showStatus(IDLE);
    }
  }

  async #open(): Promise<void> {
    this.#end();
    const turn = this.#opening;
    this.#want(true);
    this.#options.showStatus({ ...IDLE, state: "starting" });
    try {
      const source = await this.#options.open();
      if (turn !== this.#opening) {
        source.close();
        return;
      }
      this.#source = source;
      source.stream.getVideoTracks()[0]!.addEventListener("ended", () => {
        if (this.#source === source) {
          this.#fail(new SourceError("camera-lost"));
        }
      });
      this.#options.show(source.stream);
      this.#options.showStatus({ ...IDLE, state: "preview" });
    } catch (error) {
      if (turn === this.#opening) {
        this.#fail(error);
      }
    }
  }

  #fail(error: unknown): void {
    this.#end();
    this.#failed = true;
    this.#options.showStatus(failedStatus(error));
  }

  #end(): void {
    this.#opening += 1;
    this.#failed = false;
    if (this.#source) {
      this.#source.close();
      this.#source = null;
      this.#options.show(null);
    }
    this.#want(false);
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#button.ariaPressed = String(wanted);
  }
}
