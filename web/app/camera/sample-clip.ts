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

/** Where the face is in the portrait, which has 512 x 600 pixels, with some room around it. */
export const FACE: Crop = { x: 160, y: 112, width: 206, height: 234 };

/**
 * What part of the portrait fills the picture: it wanders and grows and shrinks, with the face always inside.
 *
 * @param seconds - since the clip's start.
 */
export function cropAt(seconds: number, portrait: Size, picture: Size): Crop {
  const aspect = picture.width / picture.height;
  const widest = Math.min(portrait.width, portrait.height * aspect);
  const narrowest = Math.max(0.78 * widest, 1.1 * FACE.height * aspect);
  const width = between(narrowest, widest, Math.cos(seconds * 0.7));
  const height = width / aspect;
  return {
    x: wander(FACE.x, FACE.width, width, portrait.width, Math.sin(seconds * 0.9)),
    y: wander(FACE.y, FACE.height, height, portrait.height, Math.sin(seconds * 0.53 + 1)),
    width,
    height,
  };
}

/** Where a crop of this length begins, so that it stays in the portrait and the face stays in it. */
function wander(face: number, faceLength: number, length: number, whole: number, swing: number): number {
  return between(Math.max(0, face + faceLength - length), Math.min(face, whole - length), swing);
}

/** @param swing - from -1 for `least` to 1 for `most`. */
function between(least: number, most: number, swing: number): number {
  return least + ((most - least) * (1 + swing)) / 2;
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
