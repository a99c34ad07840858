/** Webcams: opening one, and listing them. */

import type { Messages } from "../i18n/index.js";

export interface Size {
  width: number;
  height: number;
}

/** Where the video comes from, until it is closed. */
export interface Source {
  kind: "camera" | "sample";
  stream: MediaStream;
  close: () => void;
}

export type SourceProblem =
  | "camera-denied"
  | "camera-missing"
  | "camera-busy"
  | "camera-lost"
  | "insecure-context"
  | "unsupported"
  | "sample-failed";

/** The video's source can't be opened, or has gone. */
export class SourceError extends Error {
  override readonly name = "SourceError";

  constructor(
    readonly problem: SourceProblem,
    cause?: unknown,
  ) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : problem, { cause });
  }
}

/**
 * @param deviceId - of the camera, or an empty string for the browser's choice.
 * @param audio - whether to open a microphone, too.
 * @throws SourceError
 */
export async function openCamera(deviceId: string, { width, height }: Size, audio = false): Promise<Source> {
  // Older browsers and insecure pages have none, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) {
    throw new SourceError(isSecureContext ? "unsupported" : "insecure-context");
  }
  const video: MediaTrackConstraints = {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: 30 },
    ...(deviceId && { deviceId: { exact: deviceId } }),
  };
  try {
    const stream = await devices.getUserMedia({ video, audio });
    return { kind: "camera", stream, close: () => stream.getTracks().forEach((track) => track.stop()) };
  } catch (error) {
    throw new SourceError(cameraProblem(error), error);
  }
}

export function cameraProblem(error: unknown): SourceProblem {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "camera-denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "camera-missing";
    case "TypeError":
      return "unsupported";
    default:
      return "camera-busy";
  }
}

type CameraTexts = Pick<Messages, "defaultCamera" | "cameraNumber">;

/**
 * Keeps a list of the cameras in a `<select>`, its first entry being the browser's choice.
 *
 * Names are known only once a camera was allowed, so call `refresh` after that.
 */
export class CameraPicker {
  readonly #select: HTMLSelectElement;
  readonly #texts: () => CameraTexts;

  constructor(select: HTMLSelectElement, texts: () => CameraTexts) {
    this.#select = select;
    this.#texts = texts;
    (navigator.mediaDevices as MediaDevices | undefined)?.addEventListener("devicechange", () => void this.refresh());
  }

  get deviceId(): string {
    return this.#select.value;
  }

  async refresh(): Promise<void> {
    const all = (await (navigator.mediaDevices as MediaDevices | undefined)?.enumerateDevices()) ?? [];
    const cameras = all.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
    const chosen = this.#select.value;
    const { defaultCamera, cameraNumber } = this.#texts();
    this.#select.replaceChildren(
      new Option(defaultCamera, ""),
      ...cameras.map(({ label, deviceId }, index) => new Option(label || cameraNumber(index + 1), deviceId)),
    );
    this.#select.value = cameras.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  }
}
