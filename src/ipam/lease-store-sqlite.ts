/**
 * Leases in SQLite. The database is the caller's, so that a lease and the container it belongs to can be one transaction.
 *
 * @module
 */
import type Database from "libsql";
import { NetdError } from "../errors.ts";
import type { Lease, LeaseKey, LeaseStore } from "./lease-store.ts";

/** Tables of this store. Uniqueness is the database's promise, whatever the code above it does. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS leases (
  network      TEXT NOT NULL,
  address      TEXT NOT NULL,
  mac          TEXT NOT NULL,
  container_id TEXT NOT NULL,
  since        TEXT NOT NULL,
  PRIMARY KEY (network, address),
  UNIQUE (network, container_id),
  UNIQUE (network, mac)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease_cursors (
  network    TEXT PRIMARY KEY,
  last_given TEXT NOT NULL
) STRICT, WITHOUT ROWID;`;

const COLUMNS = `network, address, mac, container_id AS containerId, since`;

/** Leases in an opened database, whose journal mode and `synchronous` setting decide how durable they are. */
export class SqliteLeaseStore implements LeaseStore {
  readonly #db: Database.Database;
  readonly #list: Database.Statement;
  readonly #find: Record<"address" | "mac" | "containerId", Database.Statement>;
  readonly #lastGiven: Database.Statement;
  readonly #insert: Database.Statement;
  readonly #setLastGiven: Database.Statement;
  readonly #delete: Database.Statement;

  /** Create the tables when they are missing. @throws {NetdError} STATE_WRITE_FAILED */
  constructor(db: Database.Database) {
    this.#db = db;
    writing("create the tables of leases", () => db.exec(SCHEMA));
    const select = (column: string) => db.prepare(`SELECT ${COLUMNS} FROM leases WHERE network = ? AND ${column} = ?`);
    this.#list = db.prepare(`SELECT ${COLUMNS} FROM leases WHERE network = ?`);
    this.#find = { address: select("address"), mac: select("mac"), containerId: select("container_id") };
    this.#lastGiven = db.prepare("SELECT last_given AS lastGiven FROM lease_cursors WHERE network = ?");
    this.#insert = db.prepare("INSERT INTO leases (network, address, mac, container_id, since) VALUES (?, ?, ?, ?, ?)");
    this.#setLastGiven = db.prepare("INSERT OR REPLACE INTO lease_cursors (network, last_given) VALUES (?, ?)");
    this.#delete = db.prepare("DELETE FROM leases WHERE network = ? AND address = ? AND container_id = ?");
  }

  list(network: string): Lease[] {
    return this.#list.all(network).map((row) => leaseOf(row)!); // all() has no gaps
  }

  find(network: string, key: LeaseKey): Lease | undefined {
    if ("address" in key) return leaseOf(this.#find.address.get(network, key.address));
    if ("mac" in key) return leaseOf(this.#find.mac.get(network, key.mac));
    return leaseOf(this.#find.containerId.get(network, key.containerId));
  }

  lastGiven(network: string): string | undefined {
    return (this.#lastGiven.get(network) as { lastGiven: string } | undefined)?.lastGiven;
  }

  insert(lease: Lease, lastGiven: string | undefined): void {
    this.#write(`store the lease of ${lease.address}`, () => {
      this.#insert.run(lease.network, lease.address, lease.mac, lease.containerId, lease.since);
      if (lastGiven !== undefined) this.#setLastGiven.run(lease.network, lastGiven);
    });
  }

  delete(lease: Lease): void {
    this.#write(`delete the lease of ${lease.address}`, () => {
      this.#delete.run(lease.network, lease.address, lease.containerId);
    });
  }

  forget(network: string): void {
    this.#write(`delete the leases of network '${network}'`, () => {
      this.#db.prepare("DELETE FROM leases WHERE network = ?").run(network);
      this.#db.prepare("DELETE FROM lease_cursors WHERE network = ?").run(network);
    });
  }

  /** Run `change` whole or not at all: in a transaction of its own, or as a savepoint in the caller's. */
  #write(what: string, change: () => void): void {
    writing(what, () => {
      const db = this.#db;
      if (!db.inTransaction) {
        db.transaction(change)();
        return;
      }
      db.exec("SAVEPOINT lease");
      try {
        change();
        db.exec("RELEASE lease");
      } catch (error) {
        // SQLite itself rolls the whole transaction back on a full disk; there is no savepoint to return to then.
        if (db.inTransaction) db.exec("ROLLBACK TO lease; RELEASE lease");
        throw error;
      }
    });
  }
}

/** Copy a row: the driver's rows have more than the columns. */
function leaseOf(row: unknown): Lease | undefined {
  if (row === undefined) return undefined;
  const { network, address, mac, containerId, since } = row as Lease;
  return { network, address, mac, containerId, since };
}

function writing(what: string, change: () => void): void {
  try {
    change();
  } catch (cause) {
    throw new NetdError(
      "STATE_WRITE_FAILED",
      `Cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        remedy: "Free space on the file system of the state directory, and see that netd may write there",
        cause,
      },
    );
  }
}
