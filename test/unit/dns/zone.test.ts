import fc from "fast-check";
import { expect, test } from "vitest";
import { Zone } from "../../../src/dns/zone.ts";

function emptyZone(): Zone {
  return new Zone({ network: "br0", listen: "10.0.0.1", subnet: "10.0.0.0/24", records: {}, clientUpstreams: {} });
}

test("Zone.upsert moves a name to its new address", () => {
  const zone = emptyZone();
  zone.upsert("Web", "10.0.0.2");
  zone.upsert("web", "10.0.0.3");
  expect(zone.addressOf("web")).toBe("10.0.0.3");
  expect(zone.reverse("2.0.0.10.in-addr.arpa")).toBe("free");
  expect(zone.reverse("3.0.0.10.in-addr.arpa")).toEqual({ name: "web" });
});

test("Zone.remove of the former holder leaves the new holder of its address alone", () => {
  const zone = emptyZone();
  zone.upsert("old", "10.0.0.2", ["10.9.9.9"]);
  zone.upsert("new", "10.0.0.2", ["10.8.8.8"]);
  zone.remove("old");
  expect(zone.addressOf("old")).toBeUndefined();
  expect(zone.reverse("2.0.0.10.in-addr.arpa")).toEqual({ name: "new" });
  expect(zone.upstreamsOf("10.0.0.2")).toEqual(["10.8.8.8"]);
});

test("Zone.upsert without upstreams forgets those of the former holder", () => {
  const zone = emptyZone();
  zone.upsert("a", "10.0.0.2", ["10.9.9.9", "fd00::1"]);
  expect(zone.upstreamsOf("10.0.0.2")).toEqual(["10.9.9.9", "fd00::1"]);
  zone.upsert("a", "10.0.0.2");
  expect(zone.upstreamsOf("10.0.0.2")).toBeUndefined();
});

test.each(["10.0.0", "web", "10.0.0.256"])("Zone.upsert refuses '%s' as address and as upstream", (address) => {
  const zone = emptyZone();
  expect(() => zone.upsert("a", address)).toThrowError(expect.objectContaining({ code: "ADDRESS_INVALID" }));
  expect(() => zone.upsert("a", "10.0.0.2", [address])).toThrowError(
    expect.objectContaining({ code: "ADDRESS_INVALID" }),
  );
  expect(zone.addressOf("a")).toBeUndefined();
});

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
  const name = fc.constantFrom("a", "b", "c", "constructor", "__proto__");
  const change = fc.record({ name, last: fc.integer({ min: 2, max: 5 }), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const zone = emptyZone();
      const model = new Map<string, string>();
      for (const { name: changed, last, isRemoval } of changes) {
        if (isRemoval) {
          zone.remove(changed);
          model.delete(changed);
        } else {
          zone.upsert(changed, `10.0.0.${last}`);
          model.set(changed, `10.0.0.${last}`);
        }
        for (const each of ["a", "b", "c", "constructor", "__proto__"])
          expect(zone.addressOf(each)).toBe(model.get(each));
        for (let n = 2; n <= 5; n += 1) {
          const holder = zone.reverse(`${n}.0.0.10.in-addr.arpa`);
          if (typeof holder === "object") expect(model.get(holder.name)).toBe(`10.0.0.${n}`);
        }
      }
    }),
  );
});
