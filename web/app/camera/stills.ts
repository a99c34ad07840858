import type { Size } from "./camera.js";

const QUALITY = 0.85;

/** Takes still pictures of a video, as JPEG. */
export class Stills {
  readonly #video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  readonly #canvas = document.createElement("canvas");
  readonly #playing: Promise<void>;

  constructor(stream: MediaStream) {
    this.#playing = new Promise((resolve) => {
      this.#video.addEventListener("loadeddata", () => resolve(), { once: true });
    });
    this.#video.srcObject = stream;
    // It is refused when `close()` comes first, after which nobody waits for a picture.
    this.#video.play().catch(() => undefined);
  }

  /**
   * The newest picture, as soon as there is one.
   *
   * @param maxSide - limits the longer side, in pixels.
   */
  async grab(maxSide: number): Promise<Blob> {
    await this.#playing;
    const { videoWidth, videoHeight } = this.#video;
    const size = fitInto(maxSide, { width: videoWidth, height: videoHeight });
    Object.assign(this.#canvas, size);
    this.#canvas.getContext("2d", { alpha: false })!.drawImage(this.#video, 0, 0, size.width, size.height);
    return await new Promise((resolve, reject) => {
      this.#canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("the browser can't make a JPEG of the picture"))),
        "image/jpeg",
        QUALITY,
      );
    });
  }

  close(): void {
    this.#video.srcObject = null;
  }
}

/** The size, or the same shape with a smaller one whose longer side is `maxSide`. */
export function fitInto(maxSide: number, { width, height }: Size): Size {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
