/** The switches and buttons that say how the avatar follows, and are remembered. */

import { element } from "../base/dom.js";
import { recall, recallText, remember } from "../base/preferences.js";
import { bindSwitch } from "../base/switch.js";
import type { Motion, MotionSettings } from "./motion.js";
import { readNeutral } from "./rig-pose.js";

const STEPS = ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"] as const;

export class Controls {
  readonly mirror = element("mirror", HTMLInputElement);
  readonly upperBody = element("upper-body", HTMLInputElement);
  readonly calibrate = element("calibrate", HTMLButtonElement);
  readonly #resetCalibration = element("reset-calibration", HTMLButtonElement);
  readonly #motion: Motion;

  constructor(motion: Motion) {
    this.#motion = motion;
    const stage = element("stage", HTMLElement);
    bindSwitch(this.mirror, "avatar-mirror", (on) => {
      this.#set({ mirror: on });
      stage.classList.toggle("mirrored", on);
    });
    bindSwitch(this.upperBody, "avatar-upper-body", (on) => this.#set({ upperBody: on }));
    this.#bindSmoothing();
    this.#set({ neutral: readNeutral(recallText("avatar-neutral")) });
    this.calibrate.addEventListener("click", () => this.#setNeutral(motion.neutral));
    this.#resetCalibration.addEventListener("click", () => {
      this.#setNeutral(null);
      this.calibrate.focus();
    });
    this.update();
  }

  /** To be called when somebody has come or gone. */
  update(): void {
    this.calibrate.hidden = this.calibrate.disabled = !this.#motion.neutral;
    this.#resetCalibration.hidden = !this.#motion.settings.neutral;
  }

  #set(changed: Partial<MotionSettings>): void {
    this.#motion.settings = { ...this.#motion.settings, ...changed };
  }

  #setNeutral(neutral: Motion["neutral"]): void {
    this.#set({ neutral });
    remember("avatar-neutral", JSON.stringify(neutral));
    this.update();
  }

  #bindSmoothing(): void {
    const slider = element("smoothing", HTMLInputElement);
    const apply = () => this.#set({ smoothing: Number(slider.value) / 100 });
    slider.value = recall("avatar-smoothing", STEPS);
    slider.addEventListener("input", () => {
      remember("avatar-smoothing", slider.value);
      apply();
    });
    apply();
  }
}
