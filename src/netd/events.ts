/**
 * What happened to containers, for those who listen, and for those who ask a little later.
 *
 * @module
 */
import type { EventInfo } from "../api/index.ts";

type Listener = (event: EventInfo) => void;

/** An event as it is reported: the feed knows the rest. */
export type ReportedEvent = Omit<EventInfo, "at" | "action"> & Partial<Pick<EventInfo, "at" | "action">>;

/** What an {@link EventFeed} is made from. */
export interface EventFeedOptions {
  now: () => Date;
  /** Tell what belongs to an event about the container of this name. */
  describe?: (container: string) => Pick<EventInfo, "id" | "attributes">;
}

/** How many events are kept: as many as a busy minute makes. */
const HISTORY_LENGTH = 2048;

/** docker's word for each type that is not simply its last part. */
const ACTIONS: Record<string, string> = {
  "container.created": "create",
  "container.started": "start",
  "container.exited": "die",
  "container.removed": "destroy",
  "container.stopped": "stop",
  "container.killed": "kill",
  "container.restarted": "restart",
  "container.renamed": "rename",
  "container.updated": "update",
  "container.attached": "attach",
  "container.paused": "pause",
  "container.unpaused": "unpause",
  "network.connected": "connect",
  "network.disconnected": "disconnect",
  "network.created": "create",
  "network.removed": "destroy",
  "network.changed": "update",
  "volume.created": "create",
  "volume.removed": "destroy",
};

/** Passes each event to every listener, in order, while they listen; keeps the last ones. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #listeners = new Set<Listener>();
  readonly #history: EventInfo[] = [];

  constructor(options: EventFeedOptions = { now: () => new Date() }) {
    this.#options = options;
  }

  /** Report an event. Its time is never before that of the one before it. */
  emit(reported: ReportedEvent): void {
    const { now, describe } = this.#options;
    const known = reported.container === undefined ? {} : (describe?.(reported.container) ?? {});
    const at = reported.at ?? now().toISOString();
    const last = this.#history.at(-1)?.at ?? "";
    const attributes = { ...known.attributes, ...reported.attributes };
    const { type, container, exitCode, id = known.id } = reported;
    const event: EventInfo = {
      at: at > last ? at : last || at,
      type,
      ...(container === undefined ? {} : { container }),
      ...(exitCode === undefined ? {} : { exitCode }),
      action: reported.action ?? ACTIONS[type] ?? type.slice(type.lastIndexOf(".") + 1),
      ...(id === undefined ? {} : { id }),
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    };
    this.#history.push(event);
    if (this.#history.length > HISTORY_LENGTH) this.#history.shift();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** The events that are kept, the oldest first. */
  get history(): readonly EventInfo[] {
    return this.#history;
  }

  /** Listen until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
