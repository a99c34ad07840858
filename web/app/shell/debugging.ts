import type { HolisticClient, HolisticFrame } from "holistic-rtc";

declare global {
  interface Window {
    /** For debugging in the browser's console, and for tests. */
    holistic: { client: HolisticClient; lastFrame: HolisticFrame | null };
  }
}

export function expose(client: HolisticClient): void {
  window.holistic = { client, lastFrame: null };
  client.on("landmarks", (frame) => (window.holistic.lastFrame = frame));
}
