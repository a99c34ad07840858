import { recall, remember } from "./preferences.js";

/**
 * A switch that is remembered.
 *
 * @param setting - what it is remembered as.
 * @param apply - is called with its position now, and after each change.
 * @param initial - its position on the first visit.
 */
export function bindSwitch(
  input: HTMLInputElement,
  setting: string,
  apply: (on: boolean) => void,
  initial: "on" | "off" = "on",
): void {
  input.checked = recall(setting, initial === "on" ? ["on", "off"] : ["off", "on"]) === "on";
  input.addEventListener("change", () => {
    remember(setting, input.checked ? "on" : "off");
    apply(input.checked);
  });
  apply(input.checked);
}
