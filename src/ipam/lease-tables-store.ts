/**
 * The tables of leases in SQLite, and how the first netd's become today's.
 *
 * @module
 */
import type Database from "libsql";
import { addressBits, familyOf, type IpFamily, parseIpAddress } from "../address/index.ts";

/**
 * `place` orders addresses: the number in hexadecimal digits, all of them. Uniqueness is the database's promise, whatever the code above
 * it does: no address, no MAC and no container twice in a network and family.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS leases (
  family       INTEGER NOT NULL,
  place        TEXT NOT NULL,
  network      TEXT NOT NULL,
  address      TEXT NOT NULL,
  mac          TEXT NOT NULL,
  container_id TEXT NOT NULL,
  since        TEXT NOT NULL,
  boot_id      TEXT,
  source       TEXT,
  PRIMARY KEY (family, place, network),
  UNIQUE (container_id, network, family),
  UNIQUE (network, mac, family)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
  family  INTEGER NOT NULL,
  place   TEXT NOT NULL,
  network TEXT NOT NULL,
  address TEXT NOT NULL,
  name    TEXT NOT NULL,
  since   TEXT NOT NULL,
  mac     TEXT,
  source  TEXT NOT NULL,
  PRIMARY KEY (family, place, network),
  UNIQUE (network, name, family)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease_cursors (
  network    TEXT NOT NULL,
  family     INTEGER NOT NULL,
  last_given TEXT NOT NULL,
  PRIMARY KEY (network, family)
) STRICT, WITHOUT ROWID;`;

/** The family and the place of an address in the tables. */
export interface AddressPlace {
  family: IpFamily;
  place: string;
}

/** Say where an address is in the tables. @throws {NetdError} ADDRESS_INVALID */
export function placeOf(address: string): AddressPlace {
  const { family, value } = parseIpAddress(address);
  return { family, place: value.toString(16).padStart(addressBits(family) / 4, "0") };
}

/** Make the tables when they are missing; those of a netd that knew one family are replaced, with what is in them, in one transaction. */
export function createLeaseTables(db: Database.Database): void {
  const columns = db.prepare("SELECT name FROM pragma_table_info('leases')").all() as { name: string }[];
  const isOld = columns.length > 0 && !columns.some(({ name }) => name === "family");
  if (isOld) db.transaction(() => replaceOldTables(db))();
  else db.exec(SCHEMA);
}

function replaceOldTables(db: Database.Database): void {
  const leases = db.prepare("SELECT network, address, mac, container_id, since FROM leases").raw().all() as string[][];
  const cursors = db.prepare("SELECT network, last_given FROM lease_cursors").raw().all() as string[][];
  db.exec(`DROP TABLE leases; DROP TABLE lease_cursors; ${SCHEMA}`);
  const insertLease = db.prepare(
    "INSERT INTO leases (family, place, network, address, mac, container_id, since) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  for (const [network, address = "", ...rest] of leases) {
    const { family, place } = placeOf(address);
    insertLease.run(family, place, network, address, ...rest);
  }
  const insertCursor = db.prepare("INSERT INTO lease_cursors (network, family, last_given) VALUES (?, ?, ?)");
  for (const [network, last = ""] of cursors) insertCursor.run(network, familyOf(last), last);
}
