/** What the page remembers from one visit to the next. */

const PREFIX = "holistic-rtc.";

/** @returns what was stored, if it is one of `choices`; else the first of them. */
export function recall<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
  const stored = recallText(name);
  return choices.find((choice) => choice === stored) ?? choices[0];
}

/** @returns what was stored, whatever that is; null for nothing. */
export function recallText(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null; // Storage is blocked: the page works without it.
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // As above.
  }
}
