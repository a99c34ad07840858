/** The tab that has a whole video tracked: chosen or dropped, followed, downloaded. */

import { HolisticError, type Job, type JobStatus } from "holistic-rtc";
import { element, setText } from "../base/dom.js";
import { takeDrops } from "../base/drop.js";
import { toSize } from "../base/size.js";
import type { Translator } from "../i18n/index.js";
import { texts } from "./i18n.js";

type Problem = keyof typeof texts.en.problems;

type View =
  | { state: "empty" }
  | { state: "uploading"; size: number }
  | { state: "following"; status: JobStatus }
  | { state: "done"; name: string; status: JobStatus }
  | { state: "failed"; problem: Problem; detail: string };

const BY_CODE: Readonly<Record<string, Problem>> = {
  bad_file: "file",
  too_large: "large",
  unknown_job: "gone",
  jobs_off: "off",
};

/** Those at which the same may work later. */
const RETRIED: readonly Problem[] = ["busy", "gone", "unreachable", "failed"];
/** Those at which another file may. */
const REPLACED: readonly Problem[] = ["nothing", "file", "large", "failed"];

export class VideoTab {
  readonly #translator: Translator;
  readonly #submit: (file: Blob, signal: AbortSignal) => Promise<Job>;
  readonly #panel = element("panel-video", HTMLElement);
  readonly #file = element("job-file", HTMLInputElement);
  readonly #preview = element("job-preview", HTMLVideoElement);
  readonly #results = element("job-results", HTMLElement);
  #view: View = { state: "empty" };
  #job: Job | null = null;
  /** What was sent last, for when it is tried again. */
  #sent: File | null = null;
  /** Aborted when something else is begun. */
  #turn = new AbortController();

  /**
   * @param submit - sends a file to the server.
   */
  constructor(translator: Translator, submit: (file: Blob, signal: AbortSignal) => Promise<Job>) {
    this.#translator = translator;
    this.#submit = submit;
    for (const id of ["job-choose", "job-choose-other"]) {
      element(id, HTMLButtonElement).addEventListener("click", () => this.#file.click());
    }
    element("job-retry", HTMLButtonElement).addEventListener("click", () => {
      element("job-choose", HTMLButtonElement).focus(); // Since the card goes.
      void this.#track(this.#sent!);
    });
    element("job-cancel", HTMLButtonElement).addEventListener("click", () => {
      this.#begin();
      this.#show({ state: "empty" });
    });
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      if (file) {
        void this.#track(file);
        this.#file.value = ""; // So that the same file can be chosen again.
      }
    });
    takeDrops(this.#panel, (files) => this.#takeFirst(files));
    translator.on("change", () => this.#update());
  }

  async #track(file: File): Promise<void> {
    const signal = this.#begin();
    this.#sent = file;
    this.#show({ state: "uploading", size: file.size });
    try {
      const job = await this.#submit(file, signal);
      this.#job = job;
      for await (const status of job.follow(signal)) {
        if (status.error) {
          this.#show({ state: "failed", problem: BY_CODE[status.error.code] ?? "failed", detail: status.error.detail });
        } else if (status.state === "done") {
          this.#show({ state: "done", name: file.name, status });
        } else {
          this.#show({ state: "following", status });
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#show({ state: "failed", problem: toProblem(error), detail: toDetail(error) });
      }
    }
  }

  /** End what is under way, and remove the earlier video from the server. */
  #begin(): AbortSignal {
    this.#turn.abort();
    this.#turn = new AbortController();
    this.#job?.delete().catch(() => undefined); // It may have expired.
    this.#job = null;
    return this.#turn.signal;
  }

  #takeFirst([file]: readonly File[]): void {
    if (file) {
      void this.#track(file);
    } else {
      this.#begin();
      this.#show({ state: "failed", problem: "nothing", detail: "" });
    }
  }

  #show(view: View): void {
    this.#view = view;
    if (view.state === "done") {
      const video = view.status.results.find(({ type }) => type.startsWith("video/"));
      if (video) {
        this.#preview.src = video.url.href;
      }
    } else {
      this.#preview.removeAttribute("src");
    }
    this.#update();
  }

  #update(): void {
    const view = this.#view;
    const words = texts[this.#translator.language];
    this.#panel.dataset.job = view.state;
    setText("job-progress-text", "");
    setText("job-facts", "");
    const bar = element("job-progress", HTMLProgressElement);
    bar.removeAttribute("value"); // It moves, but shows no share.
    this.#results.replaceChildren();
    switch (view.state) {
      case "uploading":
        setText("job-progress-text", words.uploading(toSize(view.size)));
        break;
      case "following": {
        const { state, ahead, frames, total } = view.status;
        setText("job-progress-text", state === "waiting" ? words.waiting(ahead) : words.tracking(frames, total));
        if (state === "tracking" && total) {
          bar.max = total;
          bar.value = frames;
        }
        break;
      }
      case "done": {
        const { results, frames, damaged } = view.status;
        setText("job-facts", [words.done(view.name, frames), ...(damaged ? [words.damaged] : [])].join(" "));
        this.#results.append(...results.map(({ name, url }) => this.#link(name, url, view.name)));
        break;
      }
      case "failed": {
        const { title, remedy } = words.problems[view.problem];
        setText("job-error-title", title);
        setText("job-error-remedy", remedy);
        setText("job-error-detail", view.detail && this.#translator.messages.detail(view.detail));
        element("job-error", HTMLElement).dataset.problem = view.problem;
        element("job-retry", HTMLElement).hidden = !RETRIED.includes(view.problem);
        element("job-choose-other", HTMLElement).hidden = !REPLACED.includes(view.problem);
        break;
      }
    }
  }

  #link(name: string, url: URL, source: string): HTMLAnchorElement {
    const words = texts[this.#translator.language];
    const link = document.createElement("a");
    link.className = "button";
    link.href = url.href;
    link.download = `${source.replace(/\.[^.]*$/, "")}-${name}`;
    link.dataset.testid = `job-${name}`;
    link.textContent = name.startsWith("annotated") ? words.annotated : words.landmarks;
    return link;
  }
}

function toProblem(error: unknown): Problem {
  if (!(error instanceof HolisticError)) {
    return "failed";
  }
  const known = BY_CODE[error.code ?? ""];
  if (known) {
    return known;
  }
  switch (error.reason) {
    case "server-full":
    case "server-busy":
      return "busy";
    case "unauthorized":
    case "forbidden":
      return "unauthorized";
    case "server-unreachable":
      return "unreachable";
    default:
      return "failed";
  }
}

function toDetail(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
