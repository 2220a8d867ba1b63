import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4, parseIpv4, parseSubnet } from "../../../src/address/index.ts";
import { defaultGateway, Pool } from "../../../src/ipam/index.ts";

function poolOf(cidr: string): Pool {
  const subnet = parseSubnet(cidr);
  return new Pool(subnet, { gateway: defaultGateway(subnet) });
}

function takeAll(pool: Pool): string[] {
  return Array.from({ length: pool.capacity }, () => formatIpv4(pool.takeNext()));
}

test("Pool.takeNext gives the lowest free address after the last given", () => {
  const pool = poolOf("172.16.0.0/24");
  expect(formatIpv4(pool.takeNext())).toBe("172.16.0.2");
  expect(formatIpv4(pool.takeNext())).toBe("172.16.0.3");
  pool.release(parseIpv4("172.16.0.2"));
  expect(formatIpv4(pool.takeNext())).toBe("172.16.0.4");
});

test("Pool.takeNext comes back to released addresses only at the end of the subnet", () => {
  const pool = poolOf("10.0.0.0/29");
  expect(takeAll(pool)).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  pool.release(parseIpv4("10.0.0.5"));
  pool.release(parseIpv4("10.0.0.3"));
  expect(formatIpv4(pool.takeNext())).toBe("10.0.0.3");
  expect(formatIpv4(pool.takeNext())).toBe("10.0.0.5");
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
])("Pool of %s gives %j", (cidr, expected) => {
  const pool = poolOf(cidr);
  expect(takeAll(pool)).toEqual(expected);
  expect(() => pool.takeNext()).toThrowError(expect.objectContaining({ code: "IPAM_POOL_EXHAUSTED" }));
});

test.each([
  ["172.16.0.0", "IPAM_ADDRESS_IS_NETWORK"],
  ["172.16.0.1", "IPAM_ADDRESS_IS_GATEWAY"],
  ["172.16.0.255", "IPAM_ADDRESS_IS_BROADCAST"],
  ["172.16.1.0", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
  ["172.15.255.255", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
])("Pool.take refuses %s with %s", (address, code) => {
  expect(() => poolOf("172.16.0.0/24").take(parseIpv4(address))).toThrowError(expect.objectContaining({ code }));
});

test.each([
  ["10.0.0.0", "IPAM_ADDRESS_IS_NETWORK"],
  ["10.0.0.255", "IPAM_ADDRESS_IS_BROADCAST"],
  ["10.0.1.1", "IPAM_ADDRESS_OUTSIDE_SUBNET"],
])("Pool refuses %s as gateway with %s", (gateway, code) => {
  expect(() => new Pool(parseSubnet("10.0.0.0/24"), { gateway: parseIpv4(gateway) })).toThrowError(
    expect.objectContaining({ code }),
  );
});

test("Pool.take is false for a taken address and does not move the search", () => {
  const pool = poolOf("172.16.0.0/24");
  expect(pool.take(parseIpv4("172.16.0.50"))).toBe(true);
  expect(pool.take(parseIpv4("172.16.0.50"))).toBe(false);
  expect(formatIpv4(pool.takeNext())).toBe("172.16.0.2");
  expect(pool.used).toBe(2);
});

test("Pool gives all of a /15 without a repetition, and the search passes over full pages", () => {
  const pool = poolOf("10.2.0.0/15");
  const given = new Set<number>();
  for (let n = 0; n < pool.capacity; n += 1) given.add(pool.takeNext());
  expect(given.size).toBe(2 ** 17 - 3);
  const last = parseIpv4("10.3.255.200");
  for (let n = 0; n < 10_000; n += 1) {
    pool.release(last);
    expect(pool.takeNext()).toBe(last);
  }
});

test("Pool of the whole address space costs memory only for what is taken", () => {
  const pool = new Pool(parseSubnet("0.0.0.0/0"), { gateway: 1, lastGiven: parseIpv4("255.255.255.253") });
  expect(formatIpv4(pool.takeNext())).toBe("255.255.255.254");
  expect(formatIpv4(pool.takeNext())).toBe("0.0.0.2");
});

test("Pool agrees with a plain list of addresses under any operations", () => {
  const operation = fc.oneof(
    fc.constant({ kind: "next" as const, offset: 0 }),
    fc.record({ kind: fc.constantFrom("take" as const, "release" as const), offset: fc.nat(15) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 28, max: 32 }),
      fc.array(operation, { maxLength: 80 }),
      (prefixLength, operations) => {
        const subnet = parseSubnet(`10.0.0.0/${prefixLength}`);
        const gateway = defaultGateway(subnet);
        const pool = new Pool(subnet, { gateway });
        const isReserved = (at: number) =>
          at === gateway || (prefixLength <= 30 && (at === subnet.first || at === subnet.last));
        const usable: number[] = [];
        for (let at = subnet.first; at <= subnet.last; at += 1) if (!isReserved(at)) usable.push(at);
        const taken = new Set<number>();
        let last = 0;
        for (const { kind, offset } of operations) {
          const address = subnet.first + offset;
          if (kind === "release") {
            expect(pool.release(address)).toBe(taken.delete(address));
          } else if (kind === "take" && usable.includes(address)) {
            expect(pool.take(address)).toBe(!taken.has(address));
            taken.add(address);
          } else if (kind === "take") {
            expect(() => pool.take(address)).toThrow();
          } else {
            const free = usable.filter((at) => !taken.has(at));
            const expected = free.find((at) => at > last) ?? free[0];
            if (expected === undefined) {
              expect(() => pool.takeNext()).toThrow();
            } else {
              expect(pool.takeNext()).toBe(expected);
              taken.add(expected);
              last = expected;
            }
          }
          expect(pool.used).toBe(taken.size);
        }
      },
    ),
  );
});
