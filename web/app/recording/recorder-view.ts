/** The button that records, how far the take is, and the downloads when it is over. */

import { element, setText } from "../base/dom.js";
import { toSize } from "../base/size.js";
import type { Translator } from "../i18n/index.js";
import { texts } from "./i18n.js";
import type { Recorder, Take } from "./recorder.js";
import type { TakeFile } from "./take.js";

const UPDATE_MS = 250;

interface Options {
  recorder: Recorder;
  translator: Translator;
  /** What the recorded data is called. */
  data: "landmarks" | "motion";
  /** What to record along with it; null for nothing. */
  stream: () => MediaStream | null;
}

export class RecorderView {
  readonly #recorder: Recorder;
  readonly #translator: Translator;
  readonly #data: Options["data"];
  readonly #button = element("record", HTMLButtonElement);
  readonly #panel = element("take", HTMLElement);
  readonly #files = element("take-files", HTMLElement);
  /** Ends the recording, and then discards the take. */
  readonly #end = element("take-end", HTMLButtonElement);
  #available = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #urls = new Map<TakeFile, string>();
  #saved = new Set<TakeFile>();

  constructor({ recorder, translator, data, stream }: Options) {
    this.#recorder = recorder;
    this.#translator = translator;
    this.#data = data;
    this.#button.addEventListener("click", () => recorder.start(stream()));
    this.#end.addEventListener("click", () =>
      recorder.take.state === "recording" ? recorder.stop("stopped") : recorder.discard(),
    );
    recorder.on("change", (take) => this.#follow(take));
    translator.on("change", () => this.#update());
    addEventListener("beforeunload", (event) => {
      if (this.#isUnsaved(recorder.take)) {
        event.preventDefault();
      }
    });
  }

  /** Whether anything comes that could be recorded. When it ends, so does the take. */
  set available(available: boolean) {
    this.#available = available;
    if (!available) {
      this.#recorder.stop("interrupted");
    }
    this.#update();
  }

  /** Start recording, or stop it. */
  toggle(): void {
    const button = this.#recorder.take.state === "recording" ? this.#end : this.#button;
    if (!button.hidden) {
      button.click();
    }
  }

  #follow(take: Take): void {
    clearInterval(this.#timer);
    if (take.state === "recording") {
      this.#timer = setInterval(() => this.#update(), UPDATE_MS);
    } else {
      this.#urls.forEach((url) => URL.revokeObjectURL(url));
      this.#urls = new Map(
        take.state === "kept" ? take.files.map((file) => [file, URL.createObjectURL(file.content)]) : [],
      );
      this.#saved.clear();
    }
    const hadFocus = this.#panel.contains(document.activeElement) || document.activeElement === this.#button;
    this.#update();
    if (hadFocus) {
      const next = { none: this.#button, recording: this.#end, kept: this.#files.querySelector("a") };
      next[take.state]?.focus();
    }
  }

  #update(): void {
    const { take } = this.#recorder;
    const words = texts[this.#translator.language];
    this.#panel.hidden = take.state === "none";
    this.#panel.dataset.take = take.state;
    this.#button.hidden = take.state !== "none" || !this.#available;
    setText("take-data", words[this.#data]);
    if (take.state === "recording") {
      this.#end.textContent = words.stop;
      this.#files.replaceChildren();
      setText("take-title", words.recording);
      setText("take-text", `${words.privacy} ${words.limit(toSize(this.#recorder.limit))}`);
      setText("take-time", toTime((performance.now() - take.since) / 1000));
      element("take-video", HTMLElement).hidden = take.videoBytes === null;
      setText("take-video-size", toSize(take.videoBytes ?? 0));
      setText("take-data-size", toSize(take.dataBytes));
    } else if (take.state === "kept") {
      const isUnsaved = this.#isUnsaved(take);
      setText("take-title", `${words.ends[take.end]} (${toTime(take.seconds)})`);
      setText("take-text", isUnsaved ? words.keep : take.files.length > 0 ? words.saved : words.nothing);
      this.#end.textContent = isUnsaved ? words.discard : words.close;
      this.#showFiles(take);
    }
  }

  #showFiles(take: Take & { state: "kept" }): void {
    const links = take.files.map((file, index) => {
      const existing = this.#files.children[index];
      return existing instanceof HTMLAnchorElement ? existing : this.#makeLink(file, take.startedAt);
    });
    links.forEach((link, index) => {
      const { suffix, content } = take.files[index]!;
      link.textContent = `${texts[this.#translator.language].files[suffix]}, ${toSize(content.size)}`;
    });
    this.#files.replaceChildren(...links);
  }

  #makeLink(file: TakeFile, startedAt: Date): HTMLAnchorElement {
    const link = document.createElement("a");
    link.className = "button";
    link.href = this.#urls.get(file)!;
    link.download = `take-${toStamp(startedAt)}${file.suffix}`;
    link.dataset.testid = `take${file.suffix.replace(".", "-")}`;
    link.addEventListener("click", () => {
      this.#saved.add(file);
      this.#update();
    });
    return link;
  }

  #isUnsaved(take: Take): boolean {
    return take.state === "recording" || (take.state === "kept" && take.files.some((file) => !this.#saved.has(file)));
  }
}

/** Minutes and seconds, such as 1:05. */
function toTime(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** In local time, such as 20260131-185900. */
function toStamp(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
