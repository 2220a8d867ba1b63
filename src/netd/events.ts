/**
 * What happened to containers, for those who listen.
 *
 * @module
 */
import type { EventInfo } from "../api/index.ts";

type Listener = (event: EventInfo) => void;

/** Passes each event to every listener, in order, while they listen. */
export class EventFeed {
  readonly #listeners = new Set<Listener>();

  emit(event: EventInfo): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Listen until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
