/** What may mend what went wrong: the buttons in the card that says so. */

import type { Problem, Status } from "./status.js";

/** To try the same again; to send the sample clip in place of the camera; to choose another session. */
export type Remedy = "retry" | "sample" | "sessions";

const WITHOUT_CAMERA: readonly Problem[] = [
  "camera-denied",
  "camera-missing",
  "camera-busy",
  "camera-lost",
  "insecure-context",
];

const WITHOUT_SESSION: readonly Problem[] = ["session-unknown", "session-ended"];

/** After these, the same attempt would fail again. */
const FINAL: readonly Problem[] = [
  "insecure-context",
  "unsupported",
  "refused",
  "unauthorized",
  "forbidden",
  "session-unknown",
];
const FINAL_CODES: readonly (string | null)[] = ["video_too_large"];

/**
 * @param known - those that the page has.
 * @returns those that help; none while the page tries again by itself.
 */
export function remediesFor({ state, problem, code }: Status, known: readonly Remedy[]): readonly Remedy[] {
  if (problem === null || state !== "failed") {
    return [];
  }
  const isFinal = FINAL.includes(problem) || FINAL_CODES.includes(code);
  const choosesAnother = WITHOUT_SESSION.includes(problem) && known.includes("sessions");
  const helping: Remedy[] = [
    ...(choosesAnother ? (["sessions"] as const) : isFinal ? [] : (["retry"] as const)),
    ...(WITHOUT_CAMERA.includes(problem) ? (["sample"] as const) : []),
  ];
  return helping.filter((remedy) => known.includes(remedy));
}
