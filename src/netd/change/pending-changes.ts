/**
 * Changes that are taken back unless somebody confirms them in time, so that whoever cuts the branch that he sits on is let back in.
 *
 * The inverse is durable before the change is made, and is carried out at the deadline, by whichever netd lives then.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { PendingChange } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import type { Clock, Timer } from "../clock.ts";
import type { EventFeed } from "../events.ts";
import { type ChangeRow, type ChangeState, ChangeStore, type Inverse } from "./change-store.ts";

/** A change about to be made. */
export interface NewChange {
  /** In words, as the command line has it: `net set lab`. */
  what: string;
  /** What it is about: `network lab`, `allows`, `ports of ID`. */
  subject: string;
  /** Seconds until it is taken back unless confirmed; absent: it stays. */
  seconds?: number | undefined;
  /** Describes the state before. Carrying it out must do no harm when the change was never made, or its subject is gone. */
  inverse: Inverse;
}

/** Takes back changes of one kind. May be called again after a failure or a crash. */
export type RevertHandler = (data: unknown) => void | Promise<void>;

/** What {@link PendingChanges} is made from. */
export interface PendingChangesOptions {
  state: ChangeState;
  clock: Clock;
  events: Pick<EventFeed, "emit">;
  logger: Logger;
}

/** How long after a failure the next attempt to take a change back is made, in milliseconds. */
const RETRY_MS = 10_000;

interface Pending {
  row: ChangeRow;
  timer?: Timer | undefined;
  /** Being made or taken back: not yet, or no longer, to be confirmed. */
  isBusy: boolean;
}

/** Knows the changes that wait for their confirmation. */
export class PendingChanges {
  readonly #options: PendingChangesOptions;
  readonly #store: ChangeStore;
  readonly #handlers = new Map<string, RevertHandler>();
  readonly #pending = new Map<string, Pending>();

  constructor(options: PendingChangesOptions) {
    this.#options = options;
    this.#store = new ChangeStore(options.state);
    for (const row of this.#store.list()) this.#pending.set(row.id, { row, isBusy: false });
  }

  /** Say how changes of one kind are taken back. Called at start, once for each kind. */
  handle(kind: string, handler: RevertHandler): void {
    this.#handlers.set(kind, handler);
  }

  /**
   * Make a change; with `seconds` it waits for its confirmation from then on.
   *
   * @throws {NetdError} CHANGE_PENDING while another change of the subject waits, STATE_WRITE_FAILED, and whatever `apply` throws
   */
  async run<T>(change: NewChange, apply: () => T | Promise<T>): Promise<T> {
    this.check(change);
    if (change.seconds === undefined) return await apply();
    const pending = this.#begin(change, change.seconds);
    try {
      const result = await apply();
      pending.isBusy = false;
      this.#schedule(pending, change.seconds * 1000);
      this.#tell("change.pending", pending.row);
      return result;
    } catch (error) {
      this.#forget(pending);
      throw error;
    }
  }

  /** Check that nothing of a subject waits for its confirmation: two inverses at once could not both be right. @throws {NetdError} CHANGE_PENDING */
  check({ what, subject }: Pick<NewChange, "what" | "subject">): void {
    for (const { row, isBusy } of this.#pending.values()) {
      // One that is being taken back does so through the same door.
      if (row.subject !== subject || isBusy) continue;
      throw new NetdError(
        "CHANGE_PENDING",
        `Cannot ${what}: change ${row.id} (${row.what}) waits for its confirmation until ${row.until}`,
        { remedy: `Use 'netctl change confirm ${row.id}' or 'netctl change revert ${row.id}' first` },
      );
    }
  }

  /** The changes that wait, in the order in which they were made. */
  list(): PendingChange[] {
    return [...this.#pending.values()]
      .filter(({ isBusy }) => !isBusy)
      .map(({ row: { id, what, until } }) => ({ id, what, until }));
  }

  /** Have a change stay. @throws {NetdError} CHANGE_UNKNOWN, STATE_WRITE_FAILED, and it still waits */
  confirm(id: string): void {
    const pending = this.#find(id);
    this.#store.delete(pending.row);
    pending.timer?.cancel();
    this.#pending.delete(id);
    this.#tell("change.confirmed", pending.row);
  }

  /** Take a change back now. @throws {NetdError} CHANGE_UNKNOWN, and whatever taking it back throws: then it is tried again */
  async revert(id: string): Promise<void> {
    const pending = this.#find(id);
    pending.timer?.cancel();
    await this.#takeBack(pending);
  }

  /** Take back what is overdue and wait for the rest. Called at start, when all handlers are there. */
  async resume(): Promise<void> {
    const nowMs = this.#options.clock.now().getTime();
    for (const pending of [...this.#pending.values()]) {
      const leftMs = Date.parse(pending.row.until) - nowMs;
      if (leftMs > 0) this.#schedule(pending, leftMs);
      else await this.#takeBack(pending).catch(() => {});
    }
  }

  /** Stop waiting; the changes stay pending in the state file. */
  stop(): void {
    for (const { timer } of this.#pending.values()) timer?.cancel();
  }

  #begin({ what, subject, inverse }: NewChange, seconds: number): Pending {
    const until = new Date(this.#options.clock.now().getTime() + seconds * 1000).toISOString();
    const row: ChangeRow = { id: randomBytes(4).toString("hex"), what, subject, until, inverse };
    this.#store.insert(row);
    const pending: Pending = { row, isBusy: true };
    this.#pending.set(row.id, pending);
    return pending;
  }

  #schedule(pending: Pending, delayMs: number): void {
    pending.timer = this.#options.clock.after(delayMs, () => void this.#takeBack(pending).catch(() => {}));
  }

  async #takeBack(pending: Pending): Promise<void> {
    const { row } = pending;
    const { logger } = this.#options;
    pending.isBusy = true;
    try {
      const handler = this.#handlers.get(row.inverse.kind);
      if (handler === undefined) throw new Error(`no handler for changes of kind '${row.inverse.kind}'`);
      await handler(row.inverse.data);
      this.#store.delete(row);
      this.#pending.delete(row.id);
    } catch (error) {
      logger.error({ err: error, change: row.what }, "cannot take back a change, it is tried again");
      pending.isBusy = false;
      this.#schedule(pending, RETRY_MS);
      this.#tell("change.stuck", row);
      throw error;
    }
    this.#tell("change.reverted", row);
  }

  /** Forget a change that was not made. */
  #forget(pending: Pending): void {
    this.#pending.delete(pending.row.id);
    try {
      this.#store.delete(pending.row);
    } catch (error) {
      // Its inverse, carried out at the next start, does no harm.
      this.#options.logger.error({ err: error, change: pending.row.what }, "cannot forget a change that failed");
    }
  }

  #find(id: string): Pending {
    const pending = this.#pending.get(id);
    if (pending !== undefined && !pending.isBusy) return pending;
    throw new NetdError("CHANGE_UNKNOWN", `Cannot find change '${id}': none of that id waits for a confirmation`, {
      remedy: "See those that wait with 'netctl change ls'",
    });
  }

  #tell(type: string, { id, what, until }: ChangeRow): void {
    this.#options.events.emit({ type, attributes: { change: id, what, until } });
  }
}
