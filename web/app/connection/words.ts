import type { Messages } from "../i18n/index.js";
import type { Status } from "./status.js";

/** What the page says of its state; what there is nothing to say of is empty. */
export interface Words {
  state: string;
  /** What is being waited for. */
  progress: string;
  /** What went wrong, and what to do about it. */
  title: string;
  remedy: string;
  /** When it will be tried again. */
  retry: string;
  detail: string;
}

/**
 * @param now - on the clock of `status.retryAt`.
 */
export function toWords(status: Status, messages: Messages, now: number): Words {
  const { state, problem, attempt, retryAt } = status;
  const detail = [messages.meaning(status.code ?? ""), status.detail].filter(Boolean).join(" ");
  const said = problem && (messages.byCode[status.code ?? ""] ?? messages.problems[problem]);
  return {
    state: messages.states[state],
    progress: state === "starting" || state === "connecting" ? messages.progress[state] : "",
    title: said?.title ?? "",
    remedy: state === "reconnecting" ? messages.reconnectingRemedy : (said?.remedy ?? ""),
    retry: retryAt > 0 ? toRetry(messages, attempt, Math.ceil((retryAt - now) / 1000)) : "",
    detail: detail && messages.detail(detail),
  };
}

function toRetry(messages: Messages, attempt: number, seconds: number): string {
  const when = seconds > 0 ? messages.retryIn(seconds) : messages.retryNow;
  return attempt > 0 ? `${when} ${messages.attempt(attempt)}` : when;
}

/** The words of the viewer, which has no camera and no Start. */
export function viewerMessages(messages: Messages): Messages {
  const { states, problems, reconnectingRemedy } = messages.viewing;
  return {
    ...messages,
    reconnectingRemedy,
    states: { ...messages.states, ...states },
    problems: { ...messages.problems, ...problems },
  };
}

/** The words of a page that came by a link with a ticket. */
export function ticketMessages(messages: Messages): Messages {
  return { ...messages, problems: { ...messages.problems, unauthorized: messages.wrongTicket } };
}

/** The words of a page that has a token, so that it is a wrong one that the server refuses. */
export function tokenMessages(messages: Messages): Messages {
  return { ...messages, problems: { ...messages.problems, unauthorized: messages.wrongToken } };
}
