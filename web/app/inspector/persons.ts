/** Who is in the picture, and whom of them to show. */

/** After so long without a frame, a person has left. */
const GONE_MS = 500;

export class Persons {
  readonly #seenAt = new Map<number, number>();
  #chosen: number | null = null;

  /** The ids of those in the picture, in order. */
  get present(): number[] {
    return [...this.#seenAt.keys()].sort((a, b) => a - b);
  }

  /** The chosen person, or while they aren't there, the first one. */
  get shown(): number | undefined {
    const chosen = this.#chosen;
    return chosen !== null && this.#seenAt.has(chosen) ? chosen : this.present[0];
  }

  choose(person: number): void {
    this.#chosen = person;
  }

  /** To be told of each frame: of whom it is, and when it came, in milliseconds. */
  see(person: number, now: number): void {
    this.#seenAt.set(person, now);
    for (const [other, seenAt] of this.#seenAt) {
      if (now - seenAt > GONE_MS) {
        this.#seenAt.delete(other);
      }
    }
  }

  /** Nobody is there, or somebody else altogether. */
  clear(): void {
    this.#seenAt.clear();
  }
}
