import { expect, test } from "vitest";
import { DEFAULT_NETWORK, type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";
import { Networks } from "../../../../src/netd/network/networks.ts";

function rowOf(name: string, id: string): NetworkRow {
  return {
    ...networkDefaults(),
    ...{ name, id, bridge: `br-${id}`, mac: "02:42:00:00:00:01", createdAt: "2026-01-01T00:00:00.000Z" },
  };
}

const DEFAULT = rowOf(DEFAULT_NETWORK, "aaaaaaaa01");
const LAB = rowOf("lab", "aaaaaaaa02");
const UNKNOWN = expect.objectContaining({ code: "NETWORK_UNKNOWN", remedy: expect.any(String) });

test("Networks.find takes a name, an id, and the beginning of an id when it is of one only", () => {
  const networks = new Networks([DEFAULT, LAB]);
  expect(networks.default).toBe(DEFAULT);
  for (const reference of ["lab", "aaaaaaaa02"]) expect(networks.find(reference)).toBe(LAB);
  for (const reference of ["aaaa", "a", "la", "", "host"]) expect(() => networks.find(reference)).toThrowError(UNKNOWN);
});

test("Networks.find prefers a name to the beginning of an id", () => {
  const networks = new Networks([DEFAULT, rowOf("aaaaaaaa01", "bbbbbbbb01")]);
  expect(networks.find("aaaaaaaa01").id).toBe("bbbbbbbb01");
});

test("Networks.set puts a changed network in the place of the old one, and delete forgets it", () => {
  const networks = new Networks([DEFAULT, LAB]);
  networks.set({ ...LAB, isInternal: true });
  expect([...networks].map(({ name, isInternal }) => [name, isInternal])).toEqual([
    [DEFAULT_NETWORK, false],
    ["lab", true],
  ]);
  networks.delete("lab");
  expect(networks.get("lab")).toBeUndefined();
  expect(networks.size).toBe(1);
});
