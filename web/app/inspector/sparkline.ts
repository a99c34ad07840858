/** A line of the latest values of a figure. */

export class Sparkline {
  readonly #line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  readonly #length: number;
  readonly #values: (number | null)[] = [];

  /**
   * @param length - how many values it shows.
   */
  constructor(container: HTMLElement, length: number) {
    this.#length = length;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 24");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.classList.add("sparkline");
    svg.append(this.#line);
    container.append(svg);
  }

  /** Null leaves a gap. */
  push(value: number | null): void {
    this.#values.push(value);
    this.#values.splice(0, this.#values.length - this.#length);
    this.#line.setAttribute("points", sparkline(this.#values, this.#length));
  }

  clear(): void {
    this.#values.length = 0;
    this.#line.setAttribute("points", "");
  }
}

/** Points of a line over `values`, the newest at the right, in a box of 100 by 24. */
export function sparkline(values: readonly (number | null)[], length: number): string {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 1);
  const start = length - values.length;
  return values
    .map((value, index) =>
      value === null ? "" : `${((start + index) / (length - 1)) * 100},${(23 - (value / top) * 22).toFixed(1)}`,
    )
    .filter(Boolean)
    .join(" ");
}
