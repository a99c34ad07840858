import { lookUp, type Translator } from "../i18n/index.js";

/** Lets a video be heard. Browsers only start it muted, until the viewer asks for sound. */
export class SoundButton {
  readonly #button: HTMLButtonElement;
  readonly #video: HTMLVideoElement;
  readonly #translator: Translator;

  constructor(button: HTMLButtonElement, video: HTMLVideoElement, translator: Translator) {
    this.#button = button;
    this.#video = video;
    this.#translator = translator;
    button.addEventListener("click", () => this.toggle());
  }

  /** @param audible - whether there is anything to hear. */
  show(audible: boolean): void {
    this.#button.hidden = !audible;
  }

  toggle(): void {
    if (this.#button.hidden) {
      return;
    }
    this.#video.muted = !this.#video.muted;
    this.#button.dataset.i18n = this.#video.muted ? "view.unmute" : "view.mute";
    this.#button.textContent = lookUp(this.#translator.messages, this.#button.dataset.i18n);
  }
}
