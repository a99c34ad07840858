/** The stage with the avatar: which one is shown, files that are chosen or dropped, and what is wrong with them. */

import { element } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import { texts } from "./i18n.js";
import { forgetFile, keepFile, keptFile } from "./kept-file.js";
import { Mannequin } from "./mannequin.js";
import type { Motion } from "./motion.js";
import { AvatarView } from "./view.js";
import { AvatarFileError, type FileProblem, loadVrm } from "./vrm-avatar.js";

declare global {
  interface Window {
    /** For debugging in the browser's console, and for tests. */
    avatarView: AvatarView | null;
  }
}

type Graphics = "well" | "missing" | "lost";

export class AvatarStage {
  readonly #translator: Translator;
  readonly #file = element("avatar-file", HTMLInputElement);
  readonly #mannequin = element("mannequin", HTMLButtonElement);
  readonly #view: AvatarView | null;
  #graphics: Graphics = "well";
  /** Of the file that is shown; empty for the mannequin. */
  #name = "";
  #loading = "";
  #problem: { problem: FileProblem; name: string; detail: string } | null = null;
  /** Which attempt to load is the newest one. */
  #turn = 0;

  constructor(translator: Translator, motion: Motion) {
    this.#translator = translator;
    this.#view = window.avatarView = this.#open(motion);
    this.#view?.setAvatar(new Mannequin());
    element("choose", HTMLButtonElement).addEventListener("click", () => this.choose());
    this.#mannequin.addEventListener("click", () => this.#useMannequin());
    element("file-problem-close", HTMLButtonElement).addEventListener("click", () => {
      this.#problem = null;
      this.#update();
      element("choose", HTMLButtonElement).focus();
    });
    this.#file.addEventListener("change", () => {
      void this.#take([...(this.#file.files ?? [])]);
      this.#file.value = ""; // So that the same file can be chosen again.
    });
    this.#listenForDrop();
    translator.on("change", () => this.#update());
    void this.#takeKept();
  }

  choose(): void {
    this.#file.click();
  }

  #open(motion: Motion): AvatarView | null {
    try {
      const view = new AvatarView(element("avatar", HTMLCanvasElement), motion);
      view.on("graphics", (state) => {
        this.#graphics = state;
        this.#update();
      });
      return view;
    } catch {
      this.#graphics = "missing"; // All that three.js says is that there was an error.
      return null;
    }
  }

  #useMannequin(): void {
    this.#turn += 1;
    this.#view?.setAvatar(new Mannequin());
    this.#name = this.#loading = "";
    this.#problem = null;
    this.#update();
    element("choose", HTMLButtonElement).focus();
    void forgetFile();
  }

  async #takeKept(): Promise<void> {
    const file = await keptFile();
    if (file && this.#turn === 0) {
      await this.#take([file]);
    }
  }

  async #take(files: readonly File[]): Promise<void> {
    const turn = ++this.#turn;
    const file = files.find(({ name }) => name.toLowerCase().endsWith(".vrm")) ?? files[0];
    this.#problem = null;
    this.#loading = file?.name ?? "";
    this.#update();
    try {
      if (!file) {
        throw new AvatarFileError("nothing");
      }
      const avatar = await loadVrm(file);
      if (turn !== this.#turn) {
        avatar.dispose();
        return;
      }
      this.#view?.setAvatar(avatar);
      this.#name = file.name;
      // Once it was drawn: one that is too much for this browser must not be the first thing of the next visit, too.
      requestAnimationFrame(() => {
        if (turn === this.#turn) {
          void keepFile(file).catch(() => undefined); // Where there is no room for it, it is chosen anew the next time.
        }
      });
    } catch (error) {
      if (turn !== this.#turn) {
        return;
      }
      const { problem, message } = error instanceof AvatarFileError ? error : new AvatarFileError("damaged", error);
      this.#problem = { problem, name: file?.name ?? "", detail: message };
    }
    this.#loading = "";
    this.#update();
  }

  /** Anywhere on the page, so that a miss doesn't make the browser leave it. */
  #listenForDrop(): void {
    const mark = (dragging: boolean) => document.body.classList.toggle("dragging", dragging);
    addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
    addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      void this.#take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  #update(): void {
    const avatar = texts[this.#translator.language];
    const { detail } = this.#translator.messages;
    const name = element("avatar-name", HTMLElement);
    name.textContent = name.title = this.#loading ? avatar.loading(this.#loading) : this.#name;
    this.#mannequin.hidden = !this.#name;
    const notice = element("file-problem", HTMLElement);
    notice.hidden = !this.#problem;
    if (this.#problem) {
      const { title, remedy } = avatar.files[this.#problem.problem];
      const facts = [this.#problem.name, this.#problem.detail].filter(Boolean).join(": ");
      notice.dataset.problem = this.#problem.problem;
      element("file-problem-title", HTMLElement).textContent = title;
      element("file-problem-remedy", HTMLElement).textContent = remedy;
      element("file-problem-detail", HTMLElement).textContent = facts && detail(facts);
    }
    element("graphics", HTMLElement).hidden = this.#graphics === "well";
    if (this.#graphics !== "well") {
      const { title, remedy } = avatar.graphics[this.#graphics];
      element("graphics-title", HTMLElement).textContent = title;
      element("graphics-remedy", HTMLElement).textContent = remedy;
    }
  }
}
