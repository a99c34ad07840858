/** Which frames still matter: the channel delivers them in any order. */

import type { HolisticFrame } from "./frame.js";

/** Remembers the newest frame of each track. */
export class FrameOrder {
  /** The greatest `seq` of each track, and the people received of that frame. */
  readonly #newest = new Map<number, { seq: number; people: Set<number> }>();

  /** @returns false for a frame before the newest one of its track, and for a repeated one. */
  accepts({ track, seq, person }: Pick<HolisticFrame, "track" | "seq" | "person">): boolean {
    const newest = this.#newest.get(track);
    if (!newest || seq > newest.seq) {
      this.#newest.set(track, { seq, people: new Set([person]) });
      return true;
    }
    if (seq < newest.seq || newest.people.has(person)) {
      return false;
    }
    newest.people.add(person);
    return true;
  }
}
