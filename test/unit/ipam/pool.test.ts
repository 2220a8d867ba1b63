import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatIpAddress,
  type IpFamily,
  type IpRange,
  parseIpAddress,
  parseIpRange,
  parseIpSubnet,
} from "../../../src/address/index.ts";
import { defaultGateway, Pool } from "../../../src/ipam/index.ts";

interface Narrowed {
  ranges?: string[];
  excludes?: string[];
}

function poolOf(cidr: string, { ranges = [], excludes = [] }: Narrowed = {}): Pool {
  const subnet = parseIpSubnet(cidr);
  return new Pool(subnet, {
    gateway: defaultGateway(subnet),
    ranges: ranges.map(parseIpRange),
    excludes: excludes.map(parseIpRange),
  });
}

function numberOf(address: string): bigint {
  return parseIpAddress(address).value;
}

function takeNext(pool: Pool): string {
  return formatIpAddress({ family: pool.subnet.family, value: pool.takeNext() });
}

function takeAll(pool: Pool): string[] {
  return Array.from({ length: pool.capacity }, () => takeNext(pool));
}

test("Pool.takeNext gives the lowest free address after the last given", () => {
  const pool = poolOf("172.16.0.0/24");
  expect(takeNext(pool)).toBe("172.16.0.2");
  expect(takeNext(pool)).toBe("172.16.0.3");
  pool.release(numberOf("172.16.0.2"));
  expect(takeNext(pool)).toBe("172.16.0.4");
});

test("Pool.takeNext comes back to released addresses only at the end of the subnet", () => {
  const pool = poolOf("10.0.0.0/29");
  expect(takeAll(pool)).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  pool.release(numberOf("10.0.0.5"));
  pool.release(numberOf("10.0.0.3"));
  expect(takeNext(pool)).toBe("10.0.0.3");
  expect(takeNext(pool)).toBe("10.0.0.5");
});

test("Pool.takeNext says how many addresses there are when none is free", () => {
  const pool = poolOf("172.16.0.0/24");
  takeAll(pool);
  expect(() => pool.takeNext()).toThrowError(
    expect.objectContaining({
      code: "IPAM_POOL_EXHAUSTED",
      message: "Cannot allocate an address in 172.16.0.0/24: 0 of 253 are free",
      remedy: expect.stringContaining("netctl rm"),
    }),
  );
});

test.each([
  ["10.0.0.0/30", ["10.0.0.2"]],
  ["10.0.0.0/31", ["10.0.0.1"]],
  ["10.0.0.7/32", []],
  ["fd00::/126", ["fd00::2", "fd00::3"]],
  ["fd00::/127", ["fd00::1"]],
  ["fd00::7/128", []],
])("Pool of %s gives %j", (cidr, expected) => {
  const pool = poolOf(cidr);
  expect(takeAll(pool)).toEqual(expected);
  expect(() => pool.takeNext()).toThrowError(expect.objectContaining({ code: "IPAM_POOL_EXHAUSTED" }));
});

test.each([
  ["172.16.0.0/24", "172.16.0.0", "IPAM_ADDRESS_IS_NETWORK"],
  ["172.16.0.0/24", "172.16.0.1", "IPAM_ADDRESS_IS_GATEWAY"],
  ["172.16.0.0/24", "172.16.0.255", "IPAM_ADDRESS_IS_BROADCAST"],
  ["172.16.0.0/24", "172.16.1.0", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
  ["172.16.0.0/24", "172.15.255.255", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
  ["fd00::/64", "fd00::", "IPAM_ADDRESS_IS_NETWORK"],
  ["fd00::/64", "fd00::1", "IPAM_ADDRESS_IS_GATEWAY"],
  ["fd00::/64", "fd00:0:0:1::", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
])("Pool of %s refuses to give %s: %s", (cidr, address, code) => {
  expect(() => poolOf(cidr).take(numberOf(address))).toThrowError(expect.objectContaining({ code }));
});

test("Pool of IPv6 has no broadcast address", () => {
  expect(poolOf("fd00::/64").take(numberOf("fd00::ffff:ffff:ffff:ffff"))).toBe(true);
});

test.each([
  ["10.0.0.0/24", "10.0.0.0", "IPAM_ADDRESS_IS_NETWORK"],
  ["10.0.0.0/24", "10.0.0.255", "IPAM_ADDRESS_IS_BROADCAST"],
  ["10.0.0.0/24", "10.0.1.1", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
  ["fd00::/64", "fd00::", "IPAM_ADDRESS_IS_NETWORK"],
])("Pool of %s refuses %s as gateway with %s", (cidr, gateway, code) => {
  expect(() => new Pool(parseIpSubnet(cidr), { gateway: numberOf(gateway) })).toThrowError(
    expect.objectContaining({ code }),
  );
});

test("Pool without a gateway gives the first address of its subnet too", () => {
  const pool = new Pool(parseIpSubnet("10.0.0.0/30"), {});
  expect(takeAll(pool)).toEqual(["10.0.0.1", "10.0.0.2"]);
});

test("Pool.take is false for a taken address and does not move the search", () => {
  const pool = poolOf("172.16.0.0/24");
  expect(pool.take(numberOf("172.16.0.50"))).toBe(true);
  expect(pool.take(numberOf("172.16.0.50"))).toBe(false);
  expect(takeNext(pool)).toBe("172.16.0.2");
  expect(pool.used).toBe(2);
});

test("Pool.takeNext stays in its ranges, in whatever order they came, and out of the excludes", () => {
  const pool = poolOf("10.0.0.0/24", {
    ranges: ["10.0.0.200-10.0.0.202", "10.0.0.1-10.0.0.5", "10.0.0.4-10.0.0.6", "10.0.0.254-10.0.0.255"],
    excludes: ["10.0.0.3", "10.0.0.201", "10.0.0.100-10.0.0.150"],
  });
  expect(pool.capacity).toBe(7);
  const inRanges = ["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.200", "10.0.0.202", "10.0.0.254"];
  expect(takeAll(pool)).toEqual(inRanges);
  expect(() => pool.takeNext()).toThrow("0 of 7 are free");
});

test("Pool.take gives an address outside the ranges, but never an excluded one", () => {
  const pool = poolOf("10.0.0.0/24", { ranges: ["10.0.0.8/29"], excludes: ["10.0.0.100-10.0.0.150"] });
  expect(pool.take(numberOf("10.0.0.200"))).toBe(true);
  expect(pool.used).toBe(0);
  expect(() => pool.take(numberOf("10.0.0.120"))).toThrowError(
    expect.objectContaining({ code: "IPAM_ADDRESS_EXCLUDED" }),
  );
  expect(pool.restore(numberOf("10.0.0.120"))).toBe(true);
});

test("Pool refuses a range that is not in its subnet", () => {
  expect(() => poolOf("10.0.0.0/24", { ranges: ["10.0.0.250-10.0.1.5"] })).toThrowError(
    expect.objectContaining({ code: "IPAM_ADDRESS_OUTSIDE_SUBNET" }),
  );
  expect(() => poolOf("10.0.0.0/24", { excludes: ["9.0.0.1"] })).toThrow("9.0.0.1");
});

test("Pool gives all of a /15 without a repetition, and the search passes over full pages", () => {
  const pool = poolOf("10.2.0.0/15");
  const given = new Set<bigint>();
  for (let n = 0; n < pool.capacity; n += 1) given.add(pool.takeNext());
  expect(given.size).toBe(2 ** 17 - 3);
  const last = numberOf("10.3.255.200");
  for (let n = 0; n < 1_000; n += 1) {
    pool.release(last);
    expect(pool.takeNext()).toBe(last);
  }
});

test("Pool of a whole address space costs memory only for what is taken", () => {
  const pool = new Pool(parseIpSubnet("0.0.0.0/0"), { gateway: 1n, lastGiven: numberOf("255.255.255.253") });
  expect(takeNext(pool)).toBe("255.255.255.254");
  expect(takeNext(pool)).toBe("0.0.0.2");
  const six = new Pool(parseIpSubnet("fd00::/16"), { lastGiven: numberOf("fd00:8000::1:fff") });
  expect(takeNext(six)).toBe("fd00:8000::1:1000");
  six.take(numberOf("fd00:ffff::5"));
  expect([six.has(numberOf("fd00:ffff::5")), six.has(numberOf("fd00:ffff::4"))]).toEqual([true, false]);
});

const OFFSETS = 16;
const offsets = fc.nat(OFFSETS - 1);
const ranges = fc.array(
  fc.tuple(offsets, offsets).map(([a, b]) => (a < b ? [a, b] : [b, a])),
  { maxLength: 3 },
);

test("Pool agrees with a plain list of addresses under any operations, in either family", () => {
  const operation = fc.oneof(
    fc.constant({ kind: "next" as const, offset: 0 }),
    fc.record({ kind: fc.constantFrom("take" as const, "release" as const), offset: offsets }),
  );
  const setUp = fc.record({
    family: fc.constantFrom<IpFamily>(4, 6),
    hostBits: fc.integer({ min: 0, max: 4 }),
    ranges,
    excludes: ranges,
  });
  fc.assert(
    fc.property(setUp, fc.array(operation, { maxLength: 80 }), (made, operations) => {
      const { family, hostBits } = made;
      const size = 2 ** hostBits;
      const subnet = parseIpSubnet(family === 4 ? `10.0.0.0/${32 - hostBits}` : `fd00::/${128 - hostBits}`);
      const fitting = (list: number[][]): number[][] => list.filter(([, last]) => last! < size);
      const toRange = ([first, last]: number[]): IpRange => ({
        ...{ family, first: subnet.first + BigInt(first!), last: subnet.first + BigInt(last!) },
      });
      const [inside, outside] = [fitting(made.ranges), fitting(made.excludes)];
      const gateway = defaultGateway(subnet);
      const pool = new Pool(subnet, { gateway, ranges: inside.map(toRange), excludes: outside.map(toRange) });

      const isIn = (list: number[][], at: number) => list.some(([first, last]) => at >= first! && at <= last!);
      const isEdge = (at: number) => (family === 4 ? size > 2 && (at === 0 || at === size - 1) : size > 2 && at === 0);
      const all = Array.from({ length: size }, (_, at) => at);
      const usable = all.filter((at) => subnet.first + BigInt(at) !== gateway && !isEdge(at) && !isIn(outside, at));
      const offered = usable.filter((at) => inside.length === 0 || isIn(inside, at));
      expect(pool.capacity).toBe(offered.length);
      const taken = new Set<number>();
      let last = -1;
      for (const { kind, offset } of operations) {
        const address = subnet.first + BigInt(offset);
        if (kind === "release") {
          expect(pool.release(address)).toBe(taken.delete(offset));
        } else if (kind === "take" && usable.includes(offset)) {
          expect(pool.take(address)).toBe(!taken.has(offset));
          taken.add(offset);
        } else if (kind === "take") {
          expect(() => pool.take(address)).toThrow();
        } else {
          const free = offered.filter((at) => !taken.has(at));
          const expected = free.find((at) => at > last) ?? free[0];
          if (expected === undefined) {
            expect(() => pool.takeNext()).toThrow();
          } else {
            expect(pool.takeNext()).toBe(subnet.first + BigInt(expected));
            taken.add(expected);
            last = expected;
          }
        }
        expect(pool.used).toBe([...taken].filter((at) => offered.includes(at)).length);
      }
    }),
  );
});
