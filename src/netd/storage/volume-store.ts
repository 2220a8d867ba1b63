/**
 * Volumes: a row each in the state file, and a directory. The row is durable before the directory is made, and gone before it is deleted; what a
 * crash leaves between the two is put right at the next start.
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import type { Database, Statement } from "libsql";
import { NetdError } from "../../errors.ts";

/** One volume as it is remembered. */
export interface VolumeRow {
  name: string;
  createdAt: string;
  labels: Record<string, string>;
  /** Made for one container, without a name given. */
  isAnonymous: boolean;
}

/** The part of the state store that volumes need. */
export interface VolumeState {
  readonly database: Database;
  transact<T>(what: string, change: () => T): T;
  transactLightly<T>(what: string, change: () => T): T;
}

const SCHEMA = "CREATE TABLE IF NOT EXISTS volumes (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT";

/** Knows the volumes of one netd. */
export class VolumeStore {
  readonly #state: VolumeState;
  readonly #directory: string;
  readonly #volumes = new Map<string, VolumeRow>();
  readonly #insert: Statement<unknown[]>;
  readonly #delete: Statement<unknown[]>;

  /** Open the volumes in the existing or future directory; directories that no row owns are deleted, missing ones made. */
  constructor(state: VolumeState, directory: string) {
    this.#state = state;
    this.#directory = directory;
    state.database.exec(SCHEMA);
    this.#insert = state.database.prepare("INSERT INTO volumes VALUES (?, ?)");
    this.#delete = state.database.prepare("DELETE FROM volumes WHERE name = ?");
    const rows = state.database.prepare("SELECT document FROM volumes ORDER BY name").all() as { document: string }[];
    for (const { document } of rows) {
      const row = JSON.parse(document) as VolumeRow;
      this.#volumes.set(row.name, row);
      this.makeDirectory(row.name);
    }
    if (!existsSync(directory)) return;
    for (const name of readdirSync(directory)) if (!this.#volumes.has(name)) this.#deleteDirectory(name);
  }

  /** All volumes by name. */
  list(): VolumeRow[] {
    return [...this.#volumes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): VolumeRow | undefined {
    return this.#volumes.get(name);
  }

  /** Path of a volume's files. Names have no slash and begin with a letter or digit. */
  pathOf(name: string): string {
    return `${this.#directory}/${name}/_data`;
  }

  /** File that is there while a volume is being filled from an image. */
  markerOf(name: string): string {
    return `${this.#directory}/${name}/filling`;
  }

  /** Make a volume. @throws {NetdError} STATE_WRITE_FAILED, and then there is none */
  create(row: VolumeRow): void {
    this.#state.transact(row.name, () => this.insert(row));
    this.#volumes.set(row.name, row);
    this.makeDirectory(row.name);
  }

  /** Add the row of a volume within a transaction of the caller's, who calls {@link admit} once it is committed. */
  insert(row: VolumeRow): void {
    this.#insert.run(row.name, JSON.stringify(row));
  }

  /** Take in a volume whose row was committed, and make its directory. */
  admit(row: VolumeRow): void {
    this.#volumes.set(row.name, row);
    this.makeDirectory(row.name);
  }

  /** Remove a volume and all in it; does nothing for one that is gone. @throws {NetdError} STATE_WRITE_FAILED, and it is still there */
  remove(name: string): void {
    if (!this.#volumes.has(name)) return;
    this.#state.transactLightly(name, () => this.#delete.run(name));
    this.#volumes.delete(name);
    this.#deleteDirectory(name);
  }

  /** Make the directory of a volume where it is missing. @throws {NetdError} STATE_WRITE_FAILED */
  makeDirectory(name: string): void {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o701 });
      mkdirSync(this.pathOf(name), { recursive: true, mode: 0o755 });
    } catch (cause) {
      throw new NetdError(
        "STATE_WRITE_FAILED",
        `Cannot make the directory of volume '${name}': ${cause instanceof Error ? cause.message : String(cause)}, a writable directory wanted`,
        { remedy: "Make room on the file system of the state directory (df -h) and check that it is writable", cause },
      );
    }
  }

  #deleteDirectory(name: string): void {
    rmSync(`${this.#directory}/${name}`, { recursive: true, force: true });
  }
}
