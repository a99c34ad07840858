import { lookUp, type Translator } from "../i18n/index.js";

const SAID_MS = 1500;

/**
 * Copy a text when the button is pressed, and say so in it for a moment.
 *
 * @param button - its `data-i18n` names what it says else.
 */
export function makeCopyButton(
  button: HTMLButtonElement,
  translator: Translator,
  read: () => string | Promise<string>,
): void {
  button.addEventListener("click", () => {
    const { copied, copyFailed } = translator.messages;
    const say = (text: string) => {
      button.textContent = text;
      setTimeout(() => (button.textContent = lookUp(translator.messages, button.dataset.i18n!)), SAID_MS);
    };
    // The clipboard is missing on pages that came neither by https nor from localhost.
    copyText(read).then(
      () => say(copied),
      () => say(copyFailed),
    );
  });
}

async function copyText(read: () => string | Promise<string>): Promise<void> {
  await navigator.clipboard.writeText(await read());
}

/**
 * Show an element in full screen, and leave that again.
 *
 * @returns what a press does.
 */
export function makeFullScreenButton(button: HTMLButtonElement, target: HTMLElement): () => void {
  const toggle = () => void (document.fullscreenElement ? document.exitFullscreen() : target.requestFullscreen());
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", toggle);
  return toggle;
}
