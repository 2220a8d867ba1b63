import Database from "libsql";
import { expect, test } from "vitest";
import { Ipam, type Lease, SqliteLeaseStore } from "../../../src/ipam/index.ts";

const SINCE = "2024-05-06T07:08:09.000Z";

/** The tables as the first netd made them. */
const OLD_TABLES = `
CREATE TABLE leases (
  network TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL, container_id TEXT NOT NULL, since TEXT NOT NULL,
  PRIMARY KEY (network, address), UNIQUE (network, container_id), UNIQUE (network, mac)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease_cursors (network TEXT PRIMARY KEY, last_given TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO leases VALUES ('default', '172.16.0.10', '02:42:ac:10:00:0a', 'ten', '${SINCE}');
INSERT INTO leases VALUES ('default', '172.16.0.9', '02:00:00:00:00:09', 'nine', '${SINCE}');
INSERT INTO lease_cursors VALUES ('default', '172.16.0.10');`;

test("SqliteLeaseStore brings the tables of a netd that knew one family up to date, and goes on where it was", () => {
  const db = new Database(":memory:");
  db.exec(OLD_TABLES);
  const store = new SqliteLeaseStore(db);
  const old = (last: number, mac: string, containerId: string): Lease => ({
    ...{ network: "default", address: `172.16.0.${last}`, mac, containerId, since: SINCE },
  });
  const [nine, ten] = [old(9, "02:00:00:00:00:09", "nine"), old(10, "02:42:ac:10:00:0a", "ten")];
  expect([...store.list()]).toEqual([nine, ten]);
  const ipam = new Ipam(new SqliteLeaseStore(db), { now: () => new Date(SINCE), bootId: "boot-1" });
  ipam.openNetwork({ name: "default", subnet: "172.16.0.0/24", gateway: "172.16.0.1", subnet6: "fd00::/64" });
  expect(ipam.allocate({ network: "default", containerId: "nine" })).toEqual(nine);
  const next = ipam.allocate({ network: "default", containerId: "new" });
  expect(next).toMatchObject({ address: "172.16.0.11", bootId: "boot-1", source: "pool" });
  expect(ipam.allocate({ network: "default", containerId: "nine", family: 6, mac: nine.mac }).address).toBe("fd00::1");
});

test("SqliteLeaseStore leaves the old tables whole when they can't be replaced", () => {
  const db = new Database(":memory:");
  db.exec(OLD_TABLES);
  db.exec(`INSERT INTO leases VALUES ('default', 'nonsense', '02:00:00:00:00:01', 'bad', '${SINCE}')`);
  expect(() => new SqliteLeaseStore(db)).toThrowError(expect.objectContaining({ code: "STATE_WRITE_FAILED" }));
  expect(db.prepare("SELECT address FROM leases").all()).toHaveLength(3);
});

test("SqliteLeaseStore.list reads more than a page in the order of addresses, and does not mind changes in between", () => {
  const store = new SqliteLeaseStore(new Database(":memory:"));
  const leases = Array.from({ length: 1_201 }, (_, n) => ({
    network: n % 2 === 0 ? "a" : "b",
    address: n < 1_000 ? `10.0.${n >> 8}.${n & 255}` : `fd00::${(n - 1_000).toString(16)}`,
    mac: `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`,
    containerId: `c${n}`,
    since: SINCE,
  }));
  for (const lease of leases.toReversed()) store.insert(lease, undefined);
  expect([...store.list()]).toEqual(leases);
  const read: string[] = [];
  for (const { address, network } of store.list()) {
    read.push(address);
    if (read.length === 600) store.forget(network);
  }
  expect(read.length).toBeLessThan(1_201);
  expect(new Set(read).size).toBe(read.length);
});
