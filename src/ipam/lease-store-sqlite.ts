/**
 * Leases in SQLite. The database is the caller's, so that a lease and the container it belongs to can be one transaction.
 *
 * @module
 */
import type Database from "libsql";
import type { IpFamily } from "../address/index.ts";
import { NetdError } from "../errors.ts";
import type { Lease, LeaseKey, LeaseStore, Reservation, ReservationKey } from "./lease-store.ts";
import { createLeaseTables, placeOf } from "./lease-tables-store.ts";

/**
 * Rows that are read at once. A statement that stays open between reads would stand in the way of writing, so each page is a statement
 * of its own that goes on behind the last row.
 */
const PAGE_ROWS = 500;

const LEASE = "network, address, mac, container_id AS containerId, since, boot_id AS bootId, source";
const RESERVATION = "network, address, name, since, mac, source";

/** Leases in an opened database, whose journal mode and `synchronous` setting decide how durable they are. */
export class SqliteLeaseStore implements LeaseStore {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement<unknown[]>>();

  /** Create the tables when they are missing, or bring them up to date. @throws {NetdError} STATE_WRITE_FAILED */
  constructor(db: Database.Database) {
    this.#db = db;
    writing("create the tables of leases", () => createLeaseTables(db));
  }

  list(): Iterable<Lease> {
    return this.#pages("leases", LEASE, leaseOf);
  }

  *addresses(network: string): Iterable<string> {
    for (const table of ["leases", "reservations"]) {
      const rows = this.#sql(`SELECT address FROM ${table} WHERE network = ?`).all(network) as { address: string }[];
      for (const { address } of rows) yield address;
    }
  }

  find(network: string, key: LeaseKey): Lease | undefined {
    const select = (where: string, ...values: unknown[]) =>
      this.#sql(`SELECT ${LEASE} FROM leases WHERE network = ? AND ${where}`).get(network, ...values);
    if ("address" in key) {
      const { family, place } = placeOf(key.address);
      return leaseOf(select("family = ? AND place = ?", family, place));
    }
    if ("mac" in key) return leaseOf(select("mac = ? AND container_id <> ? LIMIT 1", key.mac, key.except));
    return leaseOf(select("container_id = ? AND family = ?", key.containerId, key.family));
  }

  ofContainer(containerId: string): Lease[] {
    const rows = this.#sql(`SELECT ${LEASE} FROM leases WHERE container_id = ?`).all(containerId);
    return rows.map((row) => leaseOf(row)!); // all() has no gaps
  }

  lastGiven(network: string, family: IpFamily): string | undefined {
    const row = this.#sql("SELECT last_given AS last FROM lease_cursors WHERE network = ? AND family = ?");
    return (row.get(network, family) as { last: string } | undefined)?.last;
  }

  insert(lease: Lease, lastGiven: string | undefined): void {
    this.#write(`store the lease of ${lease.address}`, () => {
      const { family, place } = placeOf(lease.address);
      const { network, address, mac, containerId, since, bootId = null, source = null } = lease;
      this.#sql(
        `INSERT INTO leases (family, place, network, address, mac, container_id, since, boot_id, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(family, place, network, address, mac, containerId, since, bootId, source);
      if (lastGiven === undefined) return;
      this.#sql("INSERT OR REPLACE INTO lease_cursors (network, family, last_given) VALUES (?, ?, ?)").run(
        ...[network, family, lastGiven],
      );
    });
  }

  delete(lease: Lease): void {
    this.#write(`delete the lease of ${lease.address}`, () => {
      const { family, place } = placeOf(lease.address);
      this.#sql("DELETE FROM leases WHERE family = ? AND place = ? AND network = ? AND container_id = ?").run(
        ...[family, place, lease.network, lease.containerId],
      );
    });
  }

  listReservations(): Iterable<Reservation> {
    return this.#pages("reservations", RESERVATION, reservationOf);
  }

  findReservation(network: string, key: ReservationKey): Reservation | undefined {
    const { family, column, value } =
      "name" in key
        ? { family: key.family, column: "name", value: key.name }
        : { family: placeOf(key.address).family, column: "place", value: placeOf(key.address).place };
    const row = this.#sql(
      `SELECT ${RESERVATION} FROM reservations WHERE network = ? AND family = ? AND ${column} = ?`,
    ).get(network, family, value);
    return reservationOf(row);
  }

  insertReservation(reservation: Reservation): void {
    this.#write(`store the reservation of ${reservation.address}`, () => {
      const { network, address, name, since, mac = null, source } = reservation;
      const { family, place } = placeOf(address);
      this.#sql(
        "INSERT INTO reservations (family, place, network, address, name, since, mac, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ).run(family, place, network, address, name, since, mac, source);
    });
  }

  deleteReservation(reservation: Reservation): void {
    this.#write(`delete the reservation of ${reservation.address}`, () => {
      const { family, place } = placeOf(reservation.address);
      this.#sql("DELETE FROM reservations WHERE family = ? AND place = ? AND network = ? AND name = ?").run(
        ...[family, place, reservation.network, reservation.name],
      );
    });
  }

  forget(network: string): void {
    this.#write(`delete the leases of network '${network}'`, () => {
      for (const table of ["leases", "reservations", "lease_cursors"]) {
        this.#sql(`DELETE FROM ${table} WHERE network = ?`).run(network);
      }
    });
  }

  *#pages<T>(table: string, columns: string, read: (row: unknown) => T | undefined): Iterable<T> {
    const page = this.#sql(
      `SELECT family, place, ${columns} FROM ${table} WHERE (family, place, network) > (?, ?, ?)
       ORDER BY family, place, network LIMIT ${PAGE_ROWS}`,
    );
    let after: { family: number; place: string; network: string } | undefined = { family: 0, place: "", network: "" };
    while (after !== undefined) {
      const rows = page.all(after.family, after.place, after.network) as NonNullable<typeof after>[];
      for (const row of rows) yield read(row)!; // a row that is there can be read
      after = rows.length < PAGE_ROWS ? undefined : rows.at(-1);
    }
  }

  /** The statement of a text, prepared once. */
  #sql(text: string): Database.Statement<unknown[]> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
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

/** Copy a row: the driver's rows have more than the columns, and null for what is absent. */
function leaseOf(row: unknown): Lease | undefined {
  if (row === undefined) return undefined;
  const { network, address, mac, containerId, since, bootId, source } = row as Nullable<Lease>;
  return {
    ...{ network, address, mac, containerId, since },
    ...(bootId === null ? {} : { bootId }),
    ...(source === null ? {} : { source }),
  } as Lease;
}

function reservationOf(row: unknown): Reservation | undefined {
  if (row === undefined) return undefined;
  const { network, address, name, since, mac, source } = row as Nullable<Reservation>;
  return { network, address, name, since, source, ...(mac === null ? {} : { mac }) } as Reservation;
}

type Nullable<T> = { [K in keyof T]-?: T[K] | null };

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
