/** A clip of a real person for those without a camera: a portrait, slowly panned and zoomed. */

import { type Size, type Source, SourceError } from "./camera.js";

const PORTRAIT = "/sample.jpg";
const FPS = 30;

export interface Crop {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * What part of the portrait fills the picture: nearly its whole width at the widest, and the face always.
 *
 * @param seconds - since the clip's start.
 */
export function cropAt(seconds: number, portrait: Size, picture: Size): Crop {
  const aspect = picture.width / picture.height;
  const widest = Math.min(portrait.width, portrait.height * aspect);
  const width = widest * (0.89 + 0.1 * Math.cos(seconds * 0.7));
  const height = width / aspect;
  // How far the crop is from the left and the top, as fractions of the room there is.
  const left = 0.5 + 0.45 * Math.sin(seconds * 0.9);
  const top = 0.17 + 0.14 * Math.sin(seconds * 0.53 + 1);
  return { x: (portrait.width - width) * left, y: (portrait.height - height) * top, width, height };
}

/**
 * @throws SourceError
 */
export async function openSampleClip(size: Size): Promise<Source> {
  const portrait = await loadPortrait();
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || !("captureStream" in canvas)) {
    throw new SourceError("unsupported");
  }
  const start = performance.now();
  const draw = () => {
    const { x, y, width, height } = cropAt((performance.now() - start) / 1000, portrait, size);
    context.drawImage(portrait, x, y, width, height, 0, 0, size.width, size.height);
  };
  draw();
  const stream = canvas.captureStream(FPS);
  const timer = setInterval(draw, 1000 / FPS);
  return {
    kind: "sample",
    stream,
    close: () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      portrait.close();
    },
  };
}

async function loadPortrait(): Promise<ImageBitmap> {
  try {
    const response = await fetch(PORTRAIT);
    if (!response.ok) {
      throw new Error(`${PORTRAIT}: ${response.status} ${response.statusText}`);
    }
    return await createImageBitmap(await response.blob());
  } catch (error) {
    throw new SourceError("sample-failed", error);
  }
}
