import fc from "fast-check";
import Database from "libsql";
import { expect, test } from "vitest";
import { formatIpv4, parseIpv4, parseSubnet } from "../../../src/address/index.ts";
import { Ipam, type LeaseStore, SqliteLeaseStore } from "../../../src/ipam/index.ts";
import { MemoryLeaseStore } from "../../support/memory-lease-store.ts";

const SINCE = "2024-05-06T07:08:09.000Z";

function ipamOver(store: LeaseStore, cidr = "172.16.0.0/24"): Ipam {
  const ipam = new Ipam(store, { now: () => new Date(SINCE), nameOf: (id) => `name-of-${id}` });
  const gateway = formatIpv4(parseSubnet(cidr).first + 1);
  ipam.openNetwork({ name: "br0", subnet: cidr, gateway });
  return ipam;
}

const stores: [string, () => LeaseStore][] = [
  ["memory", () => new MemoryLeaseStore()],
  ["SQLite", () => new SqliteLeaseStore(new Database(":memory:"))],
];

test.each(stores)("Ipam.allocate gives address, derived MAC and time (%s)", (_name, makeStore) => {
  const store = makeStore();
  const lease = ipamOver(store).allocate({ network: "br0", containerId: "c1" });
  expect(lease).toEqual({
    network: "br0",
    address: "172.16.0.2",
    mac: "02:42:ac:10:00:02",
    containerId: "c1",
    since: SINCE,
    source: "pool",
  });
  expect([...store.list()]).toEqual([lease]);
  expect([...ipamOver(store).list()]).toEqual([lease]);
});

test.each(stores)("Ipam goes on after the last given address after a restart (%s)", (_name, makeStore) => {
  const store = makeStore();
  const before = ipamOver(store);
  for (const containerId of ["a", "b", "c"]) before.allocate({ network: "br0", containerId });
  before.release("c");
  before.release("a");
  const after = ipamOver(store);
  expect(after.allocate({ network: "br0", containerId: "d" }).address).toBe("172.16.0.5");
  expect(after.usage("br0")).toEqual({ total: 253, used: 2 });
});

test.each(stores)("Ipam.allocate gives a container the address it has (%s)", (_name, makeStore) => {
  const ipam = ipamOver(makeStore());
  const lease = ipam.allocate({ network: "br0", containerId: "a" });
  expect(ipam.allocate({ network: "br0", containerId: "a" })).toEqual(lease);
  expect(() => ipam.allocate({ network: "br0", containerId: "a", address: "172.16.0.9" })).toThrowError(
    expect.objectContaining({ code: "IPAM_LEASE_EXISTS" }),
  );
});

test.each(stores)("Ipam.allocate names the holder of a taken address and of a taken MAC (%s)", (_name, makeStore) => {
  const ipam = ipamOver(makeStore());
  ipam.allocate({ network: "br0", containerId: "a", address: "172.16.0.9", mac: "02-00-00-00-00-0A" });
  expect(() => ipam.allocate({ network: "br0", containerId: "b", address: "172.16.0.9" })).toThrowError(
    expect.objectContaining({
      code: "IPAM_ADDRESS_TAKEN",
      message: "Cannot allocate address 172.16.0.9 in 172.16.0.0/24: container 'name-of-a' has it",
    }),
  );
  expect(() => ipam.allocate({ network: "br0", containerId: "b", mac: "02:00:00:00:00:0a" })).toThrowError(
    expect.objectContaining({ code: "MAC_TAKEN", message: expect.stringContaining("name-of-a") }),
  );
  expect(ipam.usage("br0").used).toBe(1);
});

test("Ipam.allocate refuses the bridge's MAC", () => {
  expect(() =>
    ipamOver(new MemoryLeaseStore()).allocate({ network: "br0", containerId: "b", mac: "02:42:ac:10:00:01" }),
  ).toThrowError(expect.objectContaining({ code: "MAC_TAKEN", message: expect.stringContaining("the bridge has it") }));
});

test("Ipam.allocate passes over an address whose MAC somebody asked for", () => {
  const ipam = ipamOver(new MemoryLeaseStore());
  ipam.allocate({ network: "br0", containerId: "a", address: "172.16.0.9", mac: "02:42:ac:10:00:02" });
  expect(ipam.allocate({ network: "br0", containerId: "b" }).address).toBe("172.16.0.3");
});

test.each([
  [{ network: "none", containerId: "a" }, "NETWORK_UNKNOWN"],
  [{ network: "br0", containerId: "a", address: "172.16.0" }, "ADDRESS_INVALID"],
  [{ network: "br0", containerId: "a", mac: "01:00:00:00:00:00" }, "MAC_INVALID"],
  [{ network: "br0", containerId: "a", address: "172.16.0.1" }, "IPAM_ADDRESS_IS_GATEWAY"],
])("Ipam.allocate refuses %j with %s and takes nothing", (request, code) => {
  const ipam = ipamOver(new MemoryLeaseStore());
  expect(() => ipam.allocate(request)).toThrowError(expect.objectContaining({ code }));
  expect(ipam.usage("br0").used).toBe(0);
});

test("Ipam.allocate leaves nothing taken when the store fails", () => {
  const store = new MemoryLeaseStore();
  const ipam = ipamOver(store);
  store.isFailing = true;
  expect(() => ipam.allocate({ network: "br0", containerId: "a" })).toThrowError(
    expect.objectContaining({ code: "STATE_WRITE_FAILED" }),
  );
  store.isFailing = false;
  expect(ipam.allocate({ network: "br0", containerId: "a" }).address).toBe("172.16.0.2");
});

test("Ipam.list sorts by number, not by text", () => {
  const ipam = ipamOver(new MemoryLeaseStore());
  for (const last of [100, 20, 3])
    ipam.allocate({ network: "br0", containerId: `c${last}`, address: `172.16.0.${last}` });
  expect([...ipam.list()].map((lease) => lease.address)).toEqual(["172.16.0.3", "172.16.0.20", "172.16.0.100"]);
});

test("Ipam.closeNetwork forgets its leases", () => {
  const store = new SqliteLeaseStore(new Database(":memory:"));
  const ipam = ipamOver(store);
  ipam.allocate({ network: "br0", containerId: "a" });
  ipam.closeNetwork("br0");
  expect([...store.list()]).toEqual([]);
  expect(ipamOver(store).allocate({ network: "br0", containerId: "b" }).address).toBe("172.16.0.2");
});

test("SqliteLeaseStore stores a lease in the caller's transaction, and Ipam.abandon follows its rollback", () => {
  const db = new Database(":memory:");
  const ipam = ipamOver(new SqliteLeaseStore(db));
  db.exec("BEGIN");
  const lease = ipam.allocate({ network: "br0", containerId: "a" });
  db.exec("ROLLBACK");
  expect([...ipam.list()]).toEqual([]);
  ipam.abandon(lease);
  expect(ipam.usage("br0").used).toBe(0);
  expect(ipam.allocate({ network: "br0", containerId: "b" }).address).toBe(lease.address);
});

test("SqliteLeaseStore keeps the caller's transaction whole when the lease can't be stored", () => {
  const db = new Database(":memory:");
  db.exec("CREATE TABLE containers (id TEXT)");
  const store = new SqliteLeaseStore(db);
  const lease = { network: "n", address: "10.0.0.2", mac: "02:00:00:00:00:02", containerId: "a", since: SINCE };
  store.insert(lease, lease.address);
  db.exec("BEGIN; INSERT INTO containers VALUES ('b')");
  expect(() => store.insert({ ...lease, containerId: "b" }, "10.0.0.9")).toThrowError(
    expect.objectContaining({ code: "STATE_WRITE_FAILED" }),
  );
  db.exec("COMMIT");
  expect(db.prepare("SELECT id FROM containers").all()).toHaveLength(1);
  expect(store.lastGiven("n", 4)).toBe("10.0.0.2");
});

test("SqliteLeaseStore refuses a second holder of an address, a container and a MAC", () => {
  const store = new SqliteLeaseStore(new Database(":memory:"));
  const lease = { network: "n", address: "10.0.0.2", mac: "02:00:00:00:00:02", containerId: "a", since: SINCE };
  store.insert(lease, undefined);
  const other = { network: "n", address: "10.0.0.3", mac: "02:00:00:00:00:03", containerId: "b", since: SINCE };
  for (const key of ["address", "mac", "containerId"] as const) {
    expect(() => store.insert({ ...other, [key]: lease[key] }, undefined)).toThrow("UNIQUE");
  }
  store.insert({ ...lease, network: "other" }, undefined);
  store.insert({ ...lease, address: "fd00::2" }, undefined);
  expect([...store.list()]).toEqual([lease, { ...lease, network: "other" }, { ...lease, address: "fd00::2" }]);
});

test("Ipam.readmit follows the rollback of a release", () => {
  const db = new Database(":memory:");
  const ipam = ipamOver(new SqliteLeaseStore(db));
  const lease = ipam.allocate({ network: "br0", containerId: "a" });
  db.exec("BEGIN");
  const released = ipam.release("a");
  db.exec("ROLLBACK");
  ipam.readmit(released);
  expect(released).toEqual([lease]);
  expect(() => ipam.allocate({ network: "br0", containerId: "b", address: lease.address })).toThrow("has it");
});

test("Ipam agrees with a simple model under any operations, restarts, rollbacks and store failures", () => {
  const id = fc.integer({ min: 0, max: 11 }).map((n) => `c${n}`);
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("next" as const), id, offset: fc.constant(0) }),
    fc.record({ kind: fc.constant("static" as const), id, offset: fc.nat(15) }),
    fc.record({ kind: fc.constant("release" as const), id, offset: fc.constant(0) }),
    fc.record({
      kind: fc.constantFrom("restart" as const, "fail" as const, "rollback" as const, "unrelease" as const),
      id,
      offset: fc.constant(0),
    }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const store = new MemoryLeaseStore();
      const base = parseIpv4("10.0.0.0");
      let ipam = ipamOver(store, "10.0.0.0/28");
      const model = new Map<string, number>();
      let last = 1;
      const next = (): number | undefined => {
        const free = Array.from({ length: 13 }, (_, n) => n + 2).filter((n) => ![...model.values()].includes(n));
        return free.find((n) => n > last) ?? free[0];
      };
      for (const { kind, id: containerId, offset } of operations) {
        const request = { network: "br0", containerId };
        if (kind === "restart") {
          ipam = ipamOver(store, "10.0.0.0/28");
        } else if (kind === "release") {
          expect(ipam.release(containerId)).toHaveLength(model.delete(containerId) ? 1 : 0);
        } else if (kind === "unrelease") {
          store.begin();
          const released = ipam.release(containerId);
          store.rollback();
          ipam.readmit(released);
        } else if (kind === "fail") {
          store.isFailing = true;
          if (!model.has(containerId)) expect(() => ipam.allocate(request)).toThrow();
          else expect(() => ipam.release(containerId)).toThrow();
          store.isFailing = false;
        } else if (kind === "rollback") {
          if (model.has(containerId) || next() === undefined) continue;
          store.begin();
          const lease = ipam.allocate(request);
          store.rollback();
          ipam.abandon(lease);
        } else if (kind === "static" && !model.has(containerId)) {
          const isFree = offset >= 2 && offset <= 14 && ![...model.values()].includes(offset);
          const allocate = () => ipam.allocate({ ...request, address: formatIpv4(base + offset) });
          if (isFree) model.set(containerId, parseIpv4(allocate().address) - base);
          else expect(allocate).toThrow();
        } else if (kind === "next") {
          const expected = model.get(containerId) ?? next();
          if (expected === undefined) {
            expect(() => ipam.allocate(request)).toThrow("0 of 13 are free");
          } else {
            const given = parseIpv4(ipam.allocate(request).address) - base;
            expect(given).toBe(expected);
            if (!model.has(containerId)) last = given;
            model.set(containerId, given);
          }
        }
        const leases = [...ipam.list()];
        expect(new Set(leases.map((lease) => lease.address)).size).toBe(leases.length);
        expect(Object.fromEntries(leases.map((lease) => [lease.containerId, parseIpv4(lease.address) - base]))).toEqual(
          Object.fromEntries(model),
        );
        expect(ipam.usage("br0")).toEqual({ total: 13, used: model.size });
      }
    }),
  );
});

test("Ipam.allocate leaves no lease and no mark when the database is full, inside a transaction and outside", () => {
  const db = new Database(":memory:");
  const ipam = ipamOver(new SqliteLeaseStore(db), "10.0.0.0/16");
  db.exec(
    `PRAGMA max_page_count = ${Number((db.prepare("PRAGMA page_count").get() as { page_count: number }).page_count)}`,
  );
  const fill = () => {
    for (let n = 0; n < 1_000; n += 1) ipam.allocate({ network: "br0", containerId: `container-${n}` });
  };
  expect(fill).toThrowError(expect.objectContaining({ code: "STATE_WRITE_FAILED" }));
  const { length } = [...ipam.list()];
  expect(length).toBeGreaterThan(5);
  db.exec("BEGIN");
  expect(() => ipam.allocate({ network: "br0", containerId: "late" })).toThrowError(
    expect.objectContaining({ code: "STATE_WRITE_FAILED" }),
  );
  if (db.inTransaction) db.exec("ROLLBACK");
  expect([...ipam.list()]).toHaveLength(length);
  expect(ipam.usage("br0").used).toBe(length);
});
