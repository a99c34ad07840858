/** The page for those who operate the server: asks for its metrics and sessions again and again. */

import { getMetrics, HolisticError, listSessions, type SessionInfo, sleep } from "holistic-rtc";
import { describe, failedStatus, IDLE } from "../connection/status.js";
import { viewerMessages } from "../connection/words.js";
import { Shell } from "../shell/shell.js";
import { toProcessFigures, toServerFigures } from "./figures.js";
import { Metrics } from "./metrics.js";
import { SessionTable } from "./sessions.js";
import { type Health, OperationView } from "./view.js";

const POLL_MS = 2000;
const RETRY_MS = 5000;
const TIMEOUT_MS = 10_000;
/** Rates are those of this many polls. */
const WINDOW = 5;

const shell = new Shell((messages) => {
  const { problems, ...viewer } = viewerMessages(messages);
  return { ...viewer, problems: { ...problems, forbidden: messages.problems.forbidden } };
});
const { server, translator, access } = shell;
const sessions = new SessionTable(translator, access);
const view = new OperationView(translator, (running) => sessions.show(running));
shell.start({}, { retry: () => void follow() });
void follow();

async function follow(): Promise<void> {
  shell.showStatus({ ...IDLE, state: "connecting" });
  let samples: { at: number; metrics: Metrics }[] = [];
  for (;;) {
    try {
      const [text, running, health] = await Promise.all([getMetrics(server), getSessions(), getHealth()]);
      const now = { at: performance.now(), metrics: new Metrics(text) };
      const before = samples[0];
      samples = [...samples, now].slice(-WINDOW);
      if (before) {
        const seconds = (now.at - before.at) / 1000;
        view.show({
          health,
          metrics: now.metrics,
          figures: toServerFigures(before.metrics, now.metrics, seconds),
          processes: toProcessFigures(before.metrics, now.metrics, seconds),
          sessions: running,
        });
        shell.showStatus(IDLE);
      }
      await sleep(before ? POLL_MS : 500);
    } catch (error) {
      samples = [];
      if (!(error instanceof HolisticError && error.retryable)) {
        shell.showStatus(failedStatus(error));
        return;
      }
      shell.showStatus({
        ...IDLE,
        state: "reconnecting",
        ...describe(error),
        retryAt: performance.now() + RETRY_MS,
      });
      await sleep(RETRY_MS);
    }
  }
}

/** It isn't 200 while the server isn't ready. */
async function getHealth(): Promise<Health> {
  try {
    const response = await fetch(new URL("readyz", server.url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return (await response.json()) as Health;
  } catch (cause) {
    throw new HolisticError("server-unreachable", "the server doesn't say whether it is ready", { cause });
  }
}

/** Null without the right to list. */
async function getSessions(): Promise<SessionInfo[] | null> {
  try {
    return await listSessions(server);
  } catch (error) {
    if (error instanceof HolisticError && error.reason === "forbidden") {
      return null;
    }
    throw error;
  }
}
