/** A picture to be looked at closely: by wheel, buttons, keys and dragging. */

import { element } from "../base/dom.js";

const STEP = 1.4;
/** Screen pixels for one of the picture's: the most there are, and the most that a small one is blown up to by itself. */
const MAX_SCALE = 8;
const MAX_FIT = 3;

export class PictureView {
  readonly #view = element("picture-view", HTMLElement);
  readonly #picture = element("picture", HTMLImageElement);
  readonly #percent = element("zoom-percent", HTMLElement);
  readonly #controls = element("zoom", HTMLElement);
  #scale = 1;
  /** As long as nobody has zoomed, it follows the size of the page. */
  #fits = true;

  constructor() {
    this.#picture.addEventListener("load", () => {
      this.#picture.hidden = this.#controls.hidden = false;
      this.#apply(this.#fits ? this.#fitScale() : this.#scale);
    });
    new ResizeObserver(() => this.#fits && this.fit()).observe(this.#view);
    element("zoom-in", HTMLButtonElement).addEventListener("click", () => this.#zoom(STEP));
    element("zoom-out", HTMLButtonElement).addEventListener("click", () => this.#zoom(1 / STEP));
    element("zoom-fit", HTMLButtonElement).addEventListener("click", () => this.fit());
    this.#view.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#view.addEventListener("keydown", (event) => this.#press(event));
    this.#view.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  /**
   * Show another picture; null for none.
   *
   * @param keepsPlace - leaves zoom and place as they are, for the same picture drawn otherwise.
   */
  show(picture: Blob | null, { keepsPlace = false } = {}): void {
    URL.revokeObjectURL(this.#picture.src);
    if (!keepsPlace) {
      this.#fits = true;
      this.#picture.hidden = this.#controls.hidden = true; // until it is loaded
    }
    if (picture) {
      this.#picture.src = URL.createObjectURL(picture);
    } else {
      this.#picture.removeAttribute("src");
    }
  }

  fit(): void {
    this.#fits = true;
    this.#apply(this.#fitScale());
  }

  #fitScale(): number {
    const { naturalWidth, naturalHeight } = this.#picture;
    return Math.min(this.#view.clientWidth / naturalWidth, this.#view.clientHeight / naturalHeight, MAX_FIT);
  }

  /**
   * @param at - the point that stays where it is, in the view; its centre if left out.
   * @returns whether that changed anything.
   */
  #zoom(factor: number, at = { x: this.#view.clientWidth / 2, y: this.#view.clientHeight / 2 }): boolean {
    const fit = this.#fitScale();
    const scale = Math.min(Math.max(this.#scale * factor, fit), Math.max(MAX_SCALE, fit));
    if (this.#picture.hidden || scale === this.#scale) {
      return false;
    }
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#view;
    const { naturalWidth, naturalHeight } = this.#picture;
    const scroll = (view: number, natural: number, start: number, point: number) =>
      keepInPlace(view, natural * this.#scale, natural * scale, start, point);
    const left = scroll(clientWidth, naturalWidth, scrollLeft, at.x);
    const top = scroll(clientHeight, naturalHeight, scrollTop, at.y);
    this.#fits = scale === fit;
    this.#apply(scale);
    this.#view.scrollTo({ left, top, behavior: "instant" });
    return true;
  }

  #apply(scale: number): void {
    if (this.#picture.hidden) {
      return;
    }
    this.#scale = scale;
    // Rounded down, since half a pixel too much makes scroll bars.
    this.#picture.style.width = `${Math.floor(this.#picture.naturalWidth * scale)}px`;
    this.#view.classList.toggle("zoomed", !this.#fits);
    this.#percent.textContent = `${Math.round(scale * 100)} %`;
  }

  #wheel(event: WheelEvent): void {
    const { left, top } = this.#view.getBoundingClientRect();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const factor = Math.exp(-event.deltaY * lines * 0.002);
    // At either end of the zoom the wheel scrolls the page.
    if (this.#zoom(factor, { x: event.clientX - left, y: event.clientY - top })) {
      event.preventDefault();
    }
  }

  #press(event: KeyboardEvent): void {
    const action = {
      "+": () => this.#zoom(STEP),
      "=": () => this.#zoom(STEP),
      "-": () => this.#zoom(1 / STEP),
      "0": () => this.fit(),
    }[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      action();
    }
  }

  /** With a mouse; fingers scroll by themselves. */
  #drag(down: PointerEvent): void {
    if (down.pointerType !== "mouse" || down.button !== 0 || this.#fits) {
      return;
    }
    const { scrollLeft, scrollTop } = this.#view;
    const done = new AbortController();
    this.#view.setPointerCapture(down.pointerId);
    this.#view.addEventListener(
      "pointermove",
      (move) => {
        this.#view.scrollTo({
          left: scrollLeft + down.clientX - move.clientX,
          top: scrollTop + down.clientY - move.clientY,
          behavior: "instant",
        });
      },
      { signal: done.signal },
    );
    this.#view.addEventListener("lostpointercapture", () => done.abort(), { once: true });
  }
}

/**
 * Where to scroll to along one direction, so that what is at a point of the view stays there while the picture changes its
 * size. A picture that is smaller than the view is in its middle.
 *
 * @param scroll - the present one.
 * @param at - the point, from the view's start.
 */
export function keepInPlace(view: number, size: number, newSize: number, scroll: number, at: number): number {
  const margin = (length: number) => Math.max(0, (view - length) / 2);
  return ((scroll + at - margin(size)) / size) * newSize + margin(newSize) - at;
}
