/** One's own camera in a corner, with the landmarks that the avatar goes by. */

import type { HolisticFrame, Landmark, Part } from "holistic-rtc";
import { element, fadeIn } from "../base/dom.js";

/** What is drawn, besides the rig. */
export const PREVIEW_PARTS: readonly Part[] = ["pose", "face", "left_hand", "right_hand"];

/** Lines through landmarks, by their numbers. */
const BODY = [
  [11, 12, 24, 23, 11],
  [11, 13, 15],
  [12, 14, 16],
  [23, 25, 27, 31],
  [24, 26, 28, 32],
];
const HAND = [
  [0, 1, 2, 3, 4],
  [0, 5, 6, 7, 8],
  [9, 10, 11, 12],
  [13, 14, 15, 16],
  [17, 18, 19, 20],
  [5, 9, 13, 17, 0],
];
/** The tokens of the parts, as they are on dark ground. */
const COLOURS = { pose: "#3ed0bc", face: "#ffd166", left: "#8fb8ff", right: "#ff8fa3" };
const SEEN = 0.5;

export class CameraPreview {
  readonly #figure = element("preview", HTMLElement);
  readonly #video = element("preview-video", HTMLVideoElement);
  readonly #canvas = element("preview-overlay", HTMLCanvasElement);
  #stream: MediaStream | null = null;
  #wanted = false;

  constructor() {
    fadeIn(this.#video);
  }

  /** The stream of the camera; null when there is none. */
  show(stream: MediaStream | null): void {
    this.#stream = stream;
    this.#update();
  }

  /** Whether it is to be seen when there is a stream. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#update();
  }

  draw({ width, height, poseLandmarks, faceLandmarks, leftHandLandmarks, rightHandLandmarks }: HolisticFrame): void {
    if (this.#figure.hidden) {
      return;
    }
    Object.assign(this.#canvas, { width, height }); // Which clears it, too.
    const context = this.#canvas.getContext("2d")!;
    context.scale(width, height);
    const size = 4 / width;
    context.lineWidth = size;
    drawLines(context, poseLandmarks[0], BODY, COLOURS.pose);
    drawLines(context, leftHandLandmarks[0], HAND, COLOURS.left);
    drawLines(context, rightHandLandmarks[0], HAND, COLOURS.right);
    context.fillStyle = COLOURS.face;
    for (const { x, y } of faceLandmarks[0] ?? []) {
      context.fillRect(x - size / 4, y - size / 3, size / 2, (size * 2) / 3);
    }
  }

  #update(): void {
    const stream = this.#wanted ? this.#stream : null;
    this.#figure.hidden = !stream;
    if (this.#video.srcObject !== stream) {
      this.#video.srcObject = stream;
      this.#canvas.width = 0;
    }
  }
}

function drawLines(
  context: CanvasRenderingContext2D,
  points: readonly Landmark[] | undefined,
  lines: readonly number[][],
  colour: string,
): void {
  if (!points) {
    return;
  }
  const isBody = lines === BODY; // Only these come with a visibility.
  context.strokeStyle = colour;
  context.beginPath();
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [from, to] = [points[line[i - 1]!]!, points[line[i]!]!];
      if (!isBody || Math.min(from.visibility, to.visibility) > SEEN) {
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y);
      }
    }
  }
  context.stroke();
}
