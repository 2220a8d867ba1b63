/**
 * Changes that wait for their confirmation, in the state file: what takes them back outlives netd.
 *
 * @module
 */
import type { Database, Statement } from "libsql";

/** What takes a change back: plain data, understood by the handler of its kind. */
export interface Inverse {
  /** Names the handler: `network.set`, `allow.add` … */
  kind: string;
  /** Fit for JSON. It describes the state before, not a difference, so that it can be applied twice. */
  data: unknown;
}

/** One change as it is remembered. */
export interface ChangeRow {
  id: string;
  /** In words: `net set lab`. */
  what: string;
  /** What it is about: `network lab`. At most one change waits for each subject. */
  subject: string;
  /** ISO 8601. */
  until: string;
  inverse: Inverse;
}

/** The part of the state store that changes need. */
export interface ChangeState {
  readonly database: Database;
  transact<T>(what: string, change: () => T): T;
}

const SCHEMA = "CREATE TABLE IF NOT EXISTS changes (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT";

/** Rows of changes; each write is durable on return, or throws STATE_WRITE_FAILED and has changed nothing. */
export class ChangeStore {
  readonly #state: ChangeState;
  readonly #insert: Statement<unknown[]>;
  readonly #delete: Statement<unknown[]>;

  constructor(state: ChangeState) {
    this.#state = state;
    state.database.exec(SCHEMA);
    this.#insert = state.database.prepare("INSERT INTO changes VALUES (?, ?)");
    this.#delete = state.database.prepare("DELETE FROM changes WHERE id = ?");
  }

  /** All changes, in the order in which they were made. */
  list(): ChangeRow[] {
    const rows = this.#state.database.prepare("SELECT document FROM changes ORDER BY rowid").all();
    return (rows as { document: string }[]).map(({ document }) => JSON.parse(document) as ChangeRow);
  }

  insert(row: ChangeRow): void {
    this.#state.transact(row.what, () => this.#insert.run(row.id, JSON.stringify(row)));
  }

  delete({ id, what }: Pick<ChangeRow, "id" | "what">): void {
    this.#state.transact(what, () => this.#delete.run(id));
  }
}
