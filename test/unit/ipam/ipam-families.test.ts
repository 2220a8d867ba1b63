import fc from "fast-check";
import Database from "libsql";
import { expect, test } from "vitest";
import { familyOf, type IpFamily } from "../../../src/address/index.ts";
import { Ipam, type LeaseStore, SqliteLeaseStore } from "../../../src/ipam/index.ts";

const NETWORK = {
  name: "lab",
  subnet: "10.0.0.0/28",
  gateway: "10.0.0.1",
  subnet6: "fd00:1:2::/124",
  gateway6: "fd00:1:2::1",
};

function ipamOver(store: LeaseStore, network: object = NETWORK): Ipam {
  const ipam = new Ipam(store, { now: () => new Date(0), nameOf: (id) => id, bootId: "boot" });
  ipam.openNetwork({ ...NETWORK, ...network });
  return ipam;
}

function open(network: object = NETWORK): Ipam {
  return ipamOver(new SqliteLeaseStore(new Database(":memory:")), network);
}

function take(ipam: Ipam, name: string, family: IpFamily = 4): string {
  return ipam.allocate({ network: "lab", containerId: name, name, family }).address;
}

test("Ipam.allocate gives one address of each family, with the same MAC when it is told so", () => {
  const ipam = open();
  const four = ipam.allocate({ network: "lab", containerId: "a" });
  const six = ipam.allocate({ network: "lab", containerId: "a", family: 6, mac: four.mac });
  expect([four.address, six.address, six.mac]).toEqual(["10.0.0.2", "fd00:1:2::2", "02:42:0a:00:00:02"]);
  expect(six).toMatchObject({ bootId: "boot", source: "pool" });
  expect([ipam.find("lab", "a"), ipam.find("lab", "a", 6)]).toEqual([four, six]);
  expect([...ipam.list()]).toEqual([four, six]);
  expect(ipam.usage("lab", 6)).toEqual({ total: 14, used: 1 });
  expect(() => ipam.allocate({ network: "lab", containerId: "b", family: 6, mac: four.mac })).toThrow("'a' has it");
  expect(ipam.release("a")).toEqual([four, six]);
  expect(ipam.usage("lab", 6).used).toBe(0);
});

test("Ipam.allocate makes MACs of a network's own prefix, and of IPv6 addresses in a network without IPv4", () => {
  const ipam = open({ subnet: undefined, gateway: undefined, macPrefix: "52:54:00" });
  expect(ipam.allocate({ network: "lab", containerId: "a", family: 6 }).mac).toBe("52:54:00:00:00:02");
  expect(() => take(ipam, "b")).toThrowError(expect.objectContaining({ code: "IPAM_FAMILY_MISSING" }));
  expect(() => ipam.allocate({ network: "lab", containerId: "b", family: 6, mac: "52:54:00:00:00:01" })).toThrow(
    "the bridge has it",
  );
});

test("Ipam.allocate stops when all MACs behind a long prefix are taken", () => {
  const ipam = open({ subnet: "10.0.0.0/16", macPrefix: "02:00:00:00:00" });
  for (let n = 0; n < 255; n += 1) take(ipam, `c${n}`);
  expect(() => {
    for (let n = 0; n < 2; n += 1) take(ipam, `late${n}`);
  }).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^(IPAM_POOL_EXHAUSTED|MAC_TAKEN)$/) }));
});

test("Ipam.allocate stays within the ranges and out of the excludes of its family", () => {
  const narrowed = { ranges: ["10.0.0.4-10.0.0.6", "fd00:1:2::8/126"], excludes: ["10.0.0.5", "fd00:1:2::8"] };
  const ipam = open(narrowed);
  expect([take(ipam, "a"), take(ipam, "b")]).toEqual(["10.0.0.4", "10.0.0.6"]);
  expect(() => take(ipam, "c")).toThrow("0 of 2 are free");
  expect(take(ipam, "a", 6)).toBe("fd00:1:2::9");
  expect(() => ipam.allocate({ network: "lab", containerId: "d", address: "10.0.0.5" })).toThrowError(
    expect.objectContaining({ code: "IPAM_ADDRESS_EXCLUDED" }),
  );
  expect(ipam.allocate({ network: "lab", containerId: "d", address: "10.0.0.12" }).source).toBe("static");
});

test("Ipam.openNetwork with new ranges keeps leases outside them, and strayLeases tells those that nobody asked for", () => {
  const store = new SqliteLeaseStore(new Database(":memory:"));
  const before = ipamOver(store);
  for (const name of ["a", "b", "c"]) take(before, name);
  before.allocate({ network: "lab", containerId: "d", address: "10.0.0.14" });
  before.openNetwork({ ...NETWORK, ranges: ["10.0.0.3-10.0.0.5"], excludes: ["10.0.0.4"] });
  expect([...before.strayLeases("lab")].map(({ address }) => address)).toEqual(["10.0.0.2", "10.0.0.4"]);
  expect(take(before, "a")).toBe("10.0.0.2");
  expect(take(before, "e")).toBe("10.0.0.5");
  expect(() => take(before, "f")).toThrow("0 of 2 are free");
  expect(() => before.openNetwork({ ...NETWORK, subnet: "10.9.0.0/28", gateway: "10.9.0.1" })).toThrow("10.0.0.2");
  expect(take(before, "b")).toBe("10.0.0.3");
});

test("Ipam.occupy keeps an address from everybody until it is forgotten, and says who has it", () => {
  const ipam = open();
  expect(ipam.occupy("lab", "10.0.0.2", "link 'br0' of this host")).toBe(true);
  expect(ipam.occupy("lab", "10.0.0.1", "the gateway")).toBe(false);
  expect(take(ipam, "a")).toBe("10.0.0.3");
  expect(ipam.occupy("lab", "10.0.0.3", "somebody")).toBe(false);
  expect(() => ipam.allocate({ network: "lab", containerId: "b", address: "10.0.0.2" })).toThrow(
    "link 'br0' of this host has it",
  );
  ipam.forgetOccupied("lab");
  expect(ipam.allocate({ network: "lab", containerId: "b", address: "10.0.0.2" }).address).toBe("10.0.0.2");
});

test("Ipam.setAside keeps an address for one request", () => {
  const ipam = open();
  const address = ipam.setAside("lab", 4);
  expect(() => ipam.allocate({ network: "lab", containerId: "b", address })).toThrow("is being created");
  const lease = ipam.allocate({ network: "lab", containerId: "a", address, isSetAside: true });
  expect(lease).toMatchObject({ address, source: "pool" });
  ipam.putBack("lab", address);
  expect(() => ipam.allocate({ network: "lab", containerId: "b", address })).toThrow("'a' has it");
  ipam.putBack("lab", ipam.setAside("lab", 4));
  expect(ipam.usage("lab").used).toBe(1);
});

test("Ipam.reserve refuses what is taken, a second address for a name, and what no container can have", () => {
  const ipam = open();
  ipam.allocate({ network: "lab", containerId: "a", address: "10.0.0.5" });
  const reserve = (name: string, address: string) => ipam.reserve({ network: "lab", name, address });
  expect(() => reserve("b", "10.0.0.5")).toThrow("container 'a' has it");
  expect(reserve("a", "10.0.0.5")).toMatchObject({ address: "10.0.0.5", name: "a" });
  expect(reserve("a", "10.0.0.5")).toMatchObject({ address: "10.0.0.5", name: "a" });
  expect(() => reserve("a", "10.0.0.6")).toThrowError(expect.objectContaining({ code: "IPAM_RESERVATION_EXISTS" }));
  expect(() => reserve("c", "10.0.0.1")).toThrowError(expect.objectContaining({ code: "IPAM_ADDRESS_IS_GATEWAY" }));
  expect(reserve("a", "FD00:1:2::9").address).toBe("fd00:1:2::9");
  ipam.release("a");
  expect(() => reserve("b", "10.0.0.5")).toThrow("it is reserved for 'a'");
});

/** What happens to a pool: each kind is tried in both families. */
const operations = fc.array(
  fc.record({
    kind: fc.constantFrom("next", "static", "release", "reserve", "unreserve", "rollback", "unrelease", "restart"),
    family: fc.constantFrom<IpFamily>(4, 6),
    id: fc.integer({ min: 0, max: 7 }).map((n) => `c${n}`),
    offset: fc.nat(15),
  }),
  { maxLength: 60 },
);

test("Ipam never gives an address twice, nor a reserved one to another, under any operations in both families", () => {
  fc.assert(
    fc.property(operations, (list) => {
      const db = new Database(":memory:");
      const store = new SqliteLeaseStore(db);
      let ipam = ipamOver(store);
      /** Family and container, or family and address, to the other. */
      const leases = new Map<string, string>();
      const reservations = new Map<string, string>();
      for (const { kind, family, id, offset } of list) {
        const address =
          family === 4 ? `10.0.0.${offset}` : offset === 0 ? "fd00:1:2::" : `fd00:1:2::${offset.toString(16)}`;
        const key = `${family} ${id}`;
        const request = { network: "lab", containerId: id, name: id, family };
        const attempt = (act: () => void): void => {
          try {
            act();
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(IPAM_|MAC_TAKEN)/) });
          }
        };
        if (kind === "restart") ipam = ipamOver(store);
        if (kind === "next") attempt(() => leases.set(key, ipam.allocate(request).address));
        if (kind === "static") attempt(() => leases.set(key, ipam.allocate({ ...request, address }).address));
        if (kind === "reserve") {
          attempt(() => reservations.set(key, ipam.reserve({ network: "lab", name: id, address }).address));
        }
        if (kind === "unreserve") {
          const known = ipam.reservationFor("lab", id, family);
          expect(known?.address).toBe(reservations.get(key));
          if (known !== undefined) ipam.unreserve(known);
          reservations.delete(key);
        }
        if (kind === "release") {
          ipam.release(id);
          for (const each of [4, 6]) leases.delete(`${each} ${id}`);
        }
        if (kind === "unrelease") {
          db.exec("BEGIN");
          const released = ipam.release(id);
          db.exec("ROLLBACK");
          ipam.readmit(released);
        }
        if (kind === "rollback" && !leases.has(key)) {
          attempt(() => {
            db.exec("BEGIN");
            try {
              const lease = ipam.allocate(request);
              db.exec("ROLLBACK");
              ipam.abandon(lease);
            } finally {
              if (db.inTransaction) db.exec("ROLLBACK");
            }
          });
        }
        const held = [...ipam.list()];
        expect(new Set(held.map((lease) => lease.address)).size).toBe(held.length);
        const shown = held.map((lease) => [`${familyOf(lease.address)} ${lease.containerId}`, lease.address] as const);
        expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(leases));
        for (const [name, reserved] of reservations) {
          const holder = [...leases].find(([, leased]) => leased === reserved);
          if (holder !== undefined) expect(holder[0]).toBe(name);
        }
        for (const each of [4, 6] as const) {
          const used = [...leases, ...reservations].filter(([name]) => name.startsWith(`${each}`));
          expect(ipam.usage("lab", each).used).toBe(new Set(used.map(([, taken]) => taken)).size);
        }
      }
    }),
    { numRuns: 150 },
  );
});
