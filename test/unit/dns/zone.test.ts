import fc from "fast-check";
import { expect, test } from "vitest";
import { Zone } from "../../../src/dns/zone.ts";
import { zoneDocumentOf, zoneMemberOf } from "../../support/zone-documents.ts";

function emptyZone(): Zone {
  return new Zone(zoneDocumentOf("br0", "10.0.0.1", { subnets: ["10.0.0.0/24", "fd00::/64"] }));
}

test("Zone.upsert moves a member to its new address and name", () => {
  const zone = emptyZone();
  zone.upsert(zoneMemberOf("Web", ["10.0.0.2"], { id: "1", aliases: ["WWW"] }));
  zone.upsert(zoneMemberOf("site", ["10.0.0.3"], { id: "1" }));
  expect(zone.addressesOf("site")).toEqual(["10.0.0.3"]);
  for (const name of ["web", "www"]) expect(zone.addressesOf(name)).toBeUndefined();
  expect(zone.reverse("2.0.0.10.in-addr.arpa")).toBe("free");
  expect(zone.reverse("3.0.0.10.in-addr.arpa")).toEqual({ name: "site" });
});

test("Zone.remove of the former holder leaves the new holder of its address alone", () => {
  const zone = emptyZone();
  zone.upsert(zoneMemberOf("old", ["10.0.0.2"]));
  zone.upsert(zoneMemberOf("new", ["10.0.0.2"], { upstreams: ["10.8.8.8"] }));
  zone.remove("old");
  expect(zone.addressesOf("old")).toBeUndefined();
  expect(zone.reverse("2.0.0.10.in-addr.arpa")).toEqual({ name: "new" });
  expect(zone.memberAt("10.0.0.2")?.upstreams).toEqual(["10.8.8.8"]);
});

test("Zone.addressesOf gives the addresses of all who share an alias, until the last of them goes", () => {
  const zone = emptyZone();
  for (const number of [2, 3]) zone.upsert(zoneMemberOf(`w${number}`, [`10.0.0.${number}`], { aliases: ["web"] }));
  expect(zone.addressesOf("web")).toEqual(["10.0.0.2", "10.0.0.3"]);
  zone.remove("w2");
  expect(zone.addressesOf("web")).toEqual(["10.0.0.3"]);
  zone.remove("w3");
  expect(zone.addressesOf("web")).toBeUndefined();
});

test("Zone finds the holder of an IPv6 address however that is written", () => {
  const zone = emptyZone();
  zone.upsert(zoneMemberOf("six", ["FD00:0:0::0006"]));
  expect(zone.memberAt("fd00::6")?.name).toBe("six");
  expect(zone.reverse(`6.${"0.".repeat(27)}0.0.d.f.ip6.arpa`)).toEqual({ name: "six" });
  expect(zone.reverse(`7.${"0.".repeat(27)}0.0.d.f.ip6.arpa`)).toBe("free");
  expect(zone.reverse(`7.${"0.".repeat(27)}1.0.d.f.ip6.arpa`)).toBe("foreign");
});

test.each(["10.0.0", "web", "10.0.0.256", "fd00::1::2"])(
  "Zone.upsert refuses '%s' as address and as upstream",
  (address) => {
    const zone = emptyZone();
    const refusal = expect.objectContaining({ code: "ADDRESS_INVALID" });
    expect(() => zone.upsert(zoneMemberOf("a", [address]))).toThrowError(refusal);
    expect(() => zone.upsert(zoneMemberOf("a", ["10.0.0.2"], { upstreams: [address] }))).toThrowError(refusal);
    expect(zone.addressesOf("a")).toBeUndefined();
  },
);

test.each([
  "9.0.0.10.in-addr.arpa.x",
  "9.0.0.11.in-addr.arpa",
  "09.0.0.10.in-addr.arpa",
  "999.0.0.10.in-addr.arpa",
  "0.10.in-addr.arpa",
])("Zone.reverse takes '%s' for nothing of ours", (name) => {
  expect(emptyZone().reverse(name)).toBe("foreign");
});

test("Zone agrees with a plain map under any changes, names and prototype members alike", () => {
  const names = ["a", "b", "c", "constructor", "__proto__"];
  const change = fc.record({
    name: fc.constantFrom(...names),
    last: fc.integer({ min: 2, max: 5 }),
    isRemoval: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const zone = emptyZone();
      const model = new Map<string, string>();
      for (const { name, last, isRemoval } of changes) {
        const address = `10.0.0.${last}`;
        if (isRemoval) zone.remove(name);
        else zone.upsert(zoneMemberOf(name, [address]));
        for (const [other, held] of [...model]) if (!isRemoval && held === address) model.delete(other);
        if (isRemoval) model.delete(name);
        else model.set(name, address);
        for (const each of names) expect(zone.addressesOf(each)?.[0]).toBe(model.get(each));
        for (let n = 2; n <= 5; n += 1) {
          const holder = zone.reverse(`${n}.0.0.10.in-addr.arpa`);
          const expected = [...model].find(([, held]) => held === `10.0.0.${n}`)?.[0];
          expect(typeof holder === "object" ? holder.name : undefined).toBe(expected);
        }
      }
    }),
  );
});
