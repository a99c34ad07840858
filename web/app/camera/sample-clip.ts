/** A clip of a person for those without a camera, again and again. */

import { type Size, type Source, SourceError } from "./camera.js";

const CLIP = "sample.webm";
const FPS = 30;

/**
 * @throws SourceError
 */
export async function openSampleClip(size: Size): Promise<Source> {
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || !("captureStream" in canvas)) {
    throw new SourceError("unsupported");
  }
  const video = await play();
  const draw = () => drawWhole(context, video, size);
  draw();
  const stream = canvas.captureStream(FPS);
  const timer = setInterval(draw, 1000 / FPS);
  return {
    kind: "sample",
    stream,
    close: () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      video.removeAttribute("src");
      video.load();
    },
  };
}

/** Beside the video, its outermost columns are stretched: there is only a wall. */
function drawWhole(context: CanvasRenderingContext2D, video: HTMLVideoElement, { width, height }: Size): void {
  const shown = Math.min(width, (video.videoWidth * height) / video.videoHeight);
  const left = (width - shown) / 2;
  context.drawImage(video, 0, 0, 1, video.videoHeight, 0, 0, left, height);
  context.drawImage(video, video.videoWidth - 1, 0, 1, video.videoHeight, left + shown, 0, left, height);
  context.drawImage(video, left, 0, shown, height);
}

async function play(): Promise<HTMLVideoElement> {
  // It has no sound, but unless it is muted, browsers wait for a click.
  const video = Object.assign(document.createElement("video"), {
    src: CLIP,
    loop: true,
    muted: true,
    playsInline: true,
  });
  try {
    await video.play();
  } catch (error) {
    throw new SourceError("sample-failed", error);
  }
  return video;
}
