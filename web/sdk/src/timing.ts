const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 8000;
/** Small, so that a client comes back soon after ten seconds without a network. */
const BACKOFF_GROWTH = 1.1;

/**
 * How long to wait before an attempt to reconnect: a tenth longer than before the last one, up to 8 s, and spread at
 * random over the upper half of that, so that the clients of a server that restarts don't all come back at once.
 *
 * @param attempt - counts from 1.
 * @returns milliseconds.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(FIRST_BACKOFF_MS * BACKOFF_GROWTH ** (attempt - 1), LAST_BACKOFF_MS);
  return (ceiling * (1 + random())) / 2;
}

/** Settle as `promise` does, but reject with the signal's reason once that is aborted. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    done.abort();
  }
}

/** Resolve after `ms`, or reject with the signal's reason once there is one and it is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const slept = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await (signal ? abortable(slept, signal) : slept);
  } finally {
    clearTimeout(timer);
  }
}
