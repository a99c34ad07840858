/** What the page remembers from one visit to the next. */

const PREFIX = "holistic-rtc.";

/** @returns what was stored, if it is one of `choices`; else the first of them. */
export function recall<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(PREFIX + name);
  } catch {
    // Storage is blocked: the page works without it.
  }
  return choices.find((choice) => choice === stored) ?? choices[0];
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // As above.
  }
}
