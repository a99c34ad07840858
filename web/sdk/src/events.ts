/** An event's name, and what its listeners are given. */
export type EventOf<Events extends object> = {
  [Name in keyof Events]: [name: Name, value: Events[Name]];
}[keyof Events];

/** Typed events: `Events` maps each event's name to what its listeners are given. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /**
   * Call `listener` at each `event`.
   *
   * @returns a function that ends it.
   */
  on<Name extends keyof Events>(event: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  protected emit(...[event, value]: EventOf<Events>): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as (value: unknown) => void)(value);
      } catch (error) {
        // One listener's fault must not keep the others, or the connection, from going on.
        reportError(error);
      }
    }
  }
}
