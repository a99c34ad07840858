/** The tab that has one picture looked at: chosen, dropped, pasted, or taken with the camera. */

import { Emitter, type HolisticFrame, sleep, type Snapshot, type SnapshotOptions } from "holistic-rtc";
import { element, setText } from "../base/dom.js";
import { takeDrops } from "../base/drop.js";
import { toSize } from "../base/size.js";
import { bindSwitch } from "../base/switch.js";
import { type Source, SourceError } from "../camera/camera.js";
import { Stills } from "../camera/stills.js";
import type { Messages, Translator } from "../i18n/index.js";
import { PictureView } from "./picture-view.js";
import { FileError, toTrouble, type Trouble, troubleWords } from "./words.js";

const MAX_CAMERA_SIDE = 1920;

export interface SnapshotTabOptions {
  take: (picture: Blob, options: SnapshotOptions) => Promise<Snapshot>;
  openCamera: () => Promise<Source>;
  /** Puts the page's own words in the place of the general ones. */
  adapt: (messages: Messages) => Messages;
}

/** What a picture is called by; a function where that depends on the language. */
type Name = string | ((messages: Messages) => string);

type View =
  | { state: "empty" }
  /** Waiting for the camera, or seeing what it sees. */
  | { state: "opening" }
  | { state: "camera"; stills: Stills }
  /** Waiting for the server. */
  | { state: "sending"; size: number }
  | { state: "shown"; name: Name; snapshot: Snapshot }
  /** @property retryAt - on `performance.now()`'s clock; 0 when it isn't tried again by itself. */
  | { state: "failed"; trouble: Trouble; retryAt: number };

export class SnapshotTab extends Emitter<{ frames: readonly HolisticFrame[] }> {
  readonly #translator: Translator;
  readonly #options: SnapshotTabOptions;
  readonly #panel = element("panel-snapshot", HTMLElement);
  readonly #file = element("picture-file", HTMLInputElement);
  readonly #preview = element("snapshot-preview", HTMLVideoElement);
  readonly #mirror = element("snapshot-mirror", HTMLInputElement);
  readonly #draw = element("snapshot-draw", HTMLInputElement);
  readonly #savePicture = element("save-picture", HTMLAnchorElement);
  readonly #saveJson = element("save-json", HTMLAnchorElement);
  readonly #pictureView = new PictureView();
  #view: View = { state: "empty" };
  /** What was sent last, for when it is to be drawn otherwise or tried again. */
  #sent: { picture: Blob; name: Name } | null = null;
  /** Aborted when something else is begun. */
  #turn = new AbortController();

  constructor(translator: Translator, options: SnapshotTabOptions) {
    super();
    this.#translator = translator;
    this.#options = options;
    for (const id of ["choose", "choose-other"]) {
      element(id, HTMLButtonElement).addEventListener("click", () => this.#file.click());
    }
    element("use-camera", HTMLButtonElement).addEventListener("click", () => void this.#openCamera());
    element("shoot", HTMLButtonElement).addEventListener("click", () => void this.#shoot());
    element("shoot-cancel", HTMLButtonElement).addEventListener("click", () => this.closeCamera());
    element("snapshot-retry", HTMLButtonElement).addEventListener("click", () => void this.#retry());
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      if (file) {
        void this.#takeFile(file, file.name);
        this.#file.value = ""; // So that the same file can be chosen again.
      }
    });
    const mark = (mirrored: boolean) => this.#panel.classList.toggle("mirrored", mirrored);
    bindSwitch(this.#mirror, "snapshot-mirror", mark, "off");
    bindSwitch(this.#draw, "snapshot-draw", () => this.#takeAgain());
    this.#mirror.addEventListener("change", () => this.#takeAgain());
    this.#listenForPaste();
    takeDrops(this.#panel, (files) => this.#takeFirst(files));
    translator.on("change", () => this.#update());
    // The seconds until the next attempt.
    setInterval(() => this.#view.state === "failed" && this.#update(), 250);
  }

  /** The people in the picture that is shown. */
  get frames(): readonly HolisticFrame[] {
    return this.#view.state === "shown" ? this.#view.snapshot.frames : [];
  }

  toggleMirror(): void {
    this.#mirror.click();
  }

  toggleDrawing(): void {
    this.#draw.click();
  }

  /** To be called when the tab is left, so that the camera isn't on behind it. */
  closeCamera(): void {
    if (this.#view.state === "opening" || this.#view.state === "camera") {
      this.#begin();
      this.#clear();
      this.#show({ state: "empty" });
      element("use-camera", HTMLButtonElement).focus();
    }
  }

  async #takeFile(file: File, name: Name): Promise<void> {
    const signal = this.#begin();
    try {
      await file.slice(0, 1).arrayBuffer();
    } catch (cause) {
      if (!signal.aborted) {
        this.#fail(new FileError("unreadable", cause));
      }
      return;
    }
    if (!signal.aborted) {
      await this.#send(file, name);
    }
  }

  /** Once, or while the server is busy, until it has taken the picture. */
  async #send(picture: Blob, name: Name): Promise<void> {
    const signal = this.#begin();
    const isShown = this.#view.state === "shown" && this.#sent?.picture === picture;
    this.#sent = { picture, name };
    if (!isShown) {
      this.#clear();
      this.#pictureView.show(picture);
    }
    let waitMs = await this.#sendOnce(picture, name, signal);
    while (waitMs !== null) {
      await sleep(waitMs);
      waitMs = signal.aborted ? null : await this.#sendOnce(picture, name, signal);
    }
  }

  /** @returns after how many milliseconds it is to be sent again; null when there is no more to be done. */
  async #sendOnce(picture: Blob, name: Name, signal: AbortSignal): Promise<number | null> {
    this.#show({ state: "sending", size: picture.size });
    try {
      const options = { draw: this.#draw.checked, mirror: this.#mirror.checked, signal };
      const snapshot = await this.#options.take(picture, options);
      this.#pictureView.show(snapshot.picture, { keepsPlace: true });
      this.#offerFiles(snapshot, name);
      this.#show({ state: "shown", name, snapshot });
      this.emit("frames", snapshot.frames);
    } catch (error) {
      if (!signal.aborted) {
        const { retryAfter } = this.#fail(error);
        return retryAfter ? retryAfter * 1000 : null;
      }
    }
    return null;
  }

  async #openCamera(): Promise<void> {
    const signal = this.#begin();
    this.#sent = null;
    this.#clear();
    this.#show({ state: "opening" });
    let source: Source;
    try {
      source = await this.#options.openCamera();
    } catch (error) {
      if (!signal.aborted) {
        this.#fail(error);
      }
      return;
    }
    if (signal.aborted) {
      source.close();
      return;
    }
    const { stream } = source;
    const stills = new Stills(stream);
    signal.addEventListener("abort", () => {
      stills.close();
      source.close();
      this.#preview.srcObject = null;
    });
    stream.getVideoTracks()[0]!.addEventListener("ended", () => {
      if (!signal.aborted) {
        this.#begin();
        this.#fail(new SourceError("camera-lost"));
      }
    });
    this.#preview.srcObject = stream;
    this.#show({ state: "camera", stills });
    element("shoot", HTMLButtonElement).focus();
  }

  async #shoot(): Promise<void> {
    if (this.#view.state !== "camera") {
      return;
    }
    const { signal } = this.#turn;
    let picture: Blob;
    try {
      picture = await this.#view.stills.grab(MAX_CAMERA_SIDE);
    } catch (error) {
      if (!signal.aborted) {
        this.#begin();
        this.#fail(error);
      }
      return;
    }
    if (!signal.aborted) {
      const sending = this.#send(picture, ({ snapshot }) => snapshot.fromCamera);
      element("use-camera", HTMLButtonElement).focus();
      await sending;
    }
  }

  async #retry(): Promise<void> {
    await (this.#sent ? this.#send(this.#sent.picture, this.#sent.name) : this.#openCamera());
  }

  #listenForPaste(): void {
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const typing = event.target instanceof Element && event.target.closest("input, textarea");
      if (this.#panel.hidden || (typing && files.length === 0)) {
        return;
      }
      event.preventDefault();
      this.#takeFirst(files, ({ snapshot }) => snapshot.pasted);
    });
  }

  /** @param name - in place of the file's, which a browser makes up for what was pasted. */
  #takeFirst(files: readonly File[], name?: Name): void {
    const file = files.find(({ type }) => type.startsWith("image/")) ?? files[0];
    if (file) {
      void this.#takeFile(file, name ?? file.name);
    } else {
      this.#begin();
      this.#sent = null;
      this.#fail(new FileError("nothing"));
    }
  }

  #takeAgain(): void {
    if (this.#sent && (this.#view.state === "shown" || this.#view.state === "sending")) {
      void this.#send(this.#sent.picture, this.#sent.name);
    }
  }

  /** End what is under way. */
  #begin(): AbortSignal {
    this.#turn.abort();
    this.#turn = new AbortController();
    return this.#turn.signal;
  }

  #clear(): void {
    this.#pictureView.show(null);
    for (const link of [this.#savePicture, this.#saveJson]) {
      URL.revokeObjectURL(link.href);
      link.removeAttribute("href");
    }
    this.emit("frames", []);
  }

  #fail(error: unknown): Trouble {
    const trouble = toTrouble(error);
    this.#clear();
    this.#show({
      state: "failed",
      trouble,
      retryAt: trouble.retryAfter && performance.now() + trouble.retryAfter * 1000,
    });
    return trouble;
  }

  #offerFiles({ picture, json }: Snapshot, name: Name): void {
    const stem = typeof name === "string" ? name.replace(/\.[^.]*$/, "") : "snapshot";
    URL.revokeObjectURL(this.#savePicture.href);
    URL.revokeObjectURL(this.#saveJson.href);
    Object.assign(this.#savePicture, { href: URL.createObjectURL(picture), download: `${stem}-annotated.jpg` });
    const blob = new Blob([json], { type: "application/json" });
    Object.assign(this.#saveJson, { href: URL.createObjectURL(blob), download: `${stem}.json` });
  }

  #show(view: View): void {
    this.#view = view;
    this.#update();
  }

  #update(): void {
    const view = this.#view;
    const messages = this.#options.adapt(this.#translator.messages);
    this.#panel.dataset.snapshot = view.state;
    setText("snapshot-progress-text", progress(view, messages));
    setText("snapshot-facts", view.state === "shown" ? facts(view.snapshot, view.name, messages) : "");
    if (view.state === "failed") {
      const { title, remedy, detail } = troubleWords(view.trouble, messages);
      const seconds = Math.ceil((view.retryAt - performance.now()) / 1000);
      const when = seconds > 0 ? messages.retryIn(seconds) : messages.retryNow;
      setText("snapshot-error-title", title);
      setText("snapshot-error-remedy", remedy);
      setText("snapshot-error-retry", view.retryAt ? when : "");
      setText("snapshot-error-detail", detail);
      element("snapshot-error", HTMLElement).dataset.problem = view.trouble.problem;
      const { problem } = view.trouble;
      element("snapshot-retry", HTMLElement).hidden = !RETRIED.includes(problem);
      element("choose-other", HTMLElement).hidden = !REPLACED.includes(problem);
    }
  }
}

/** Those at which the same may work later. */
const RETRIED: readonly Trouble["problem"][] = [
  ...(["slow-upload", "crashed", "too-slow", "unreachable", "unexpected"] as const),
  ...(["camera-denied", "camera-missing", "camera-busy", "camera-lost"] as const),
];

/** Those at which another picture may. */
const REPLACED: readonly Trouble["problem"][] = [
  ...(["nothing", "unreadable", "damaged", "too-large", "not-a-picture", "crashed"] as const),
  ...(["camera-denied", "camera-missing", "camera-busy", "camera-lost", "insecure-context", "unsupported"] as const),
];

function progress(view: View, messages: Messages): string {
  switch (view.state) {
    case "opening":
      return messages.progress.starting;
    case "sending":
      return messages.snapshot.sending(toSize(view.size));
    default:
      return "";
  }
}

function facts({ frame, milliseconds, model }: Snapshot, name: Name, messages: Messages): string {
  const { poseLandmarks, faceLandmarks, leftHandLandmarks, rightHandLandmarks } = frame;
  const seen = [poseLandmarks, faceLandmarks, leftHandLandmarks, rightHandLandmarks].some((part) => part.length > 0);
  const list = [
    typeof name === "string" ? name : name(messages),
    `${frame.width} × ${frame.height}`,
    messages.snapshot.milliseconds(Math.round(milliseconds)),
    ...(model.poseModel ? [model.poseModel] : []),
  ].join(" · ");
  return seen ? list : `${messages.snapshot.nobody} ${list}`;
}
