import { expect, test } from "vitest";
import { chooseDefaultRoutes, type DefaultRoutes, type Place } from "../../../../src/netd/endpoint/default-route.ts";
import { networkDefaults } from "../../../../src/netd/network/network-row.ts";

interface PlaceOptions {
  /** Which families the network has; default: IPv4. */
  families?: "4" | "6" | "46";
  isInternal?: boolean;
  isDefaultRoute?: boolean;
}

function place(name: string, { families = "4", isInternal = false, isDefaultRoute }: PlaceOptions = {}): Place {
  return {
    row: { network: name, interface: name, aliases: [], ...(isDefaultRoute === undefined ? {} : { isDefaultRoute }) },
    network: {
      ...networkDefaults(),
      ...{ name, id: "0", bridge: "br0", mac: "02:42:00:00:00:01", createdAt: "", isInternal },
      ...(families.includes("4") ? { subnet: "10.0.0.0/24", gateway: "10.0.0.1" } : {}),
      ...(families.includes("6") ? { subnet6: "fd00::/64", gateway6: "fd00::1" } : {}),
    },
  };
}

test.each<[what: string, places: Place[], routes: DefaultRoutes]>([
  ["nothing in no network", [], {}],
  ["the first of two", [place("eth0"), place("eth1")], { ipv4: "eth0" }],
  ["the first that is not internal", [place("eth0", { isInternal: true }), place("eth1")], { ipv4: "eth1" }],
  ["nothing when all are internal", [place("eth0", { isInternal: true })], {}],
  ["the one that was asked for", [place("eth0"), place("eth1", { isDefaultRoute: true })], { ipv4: "eth1" }],
  [
    "the first with a way out when the one that was asked for has become internal",
    [place("eth0"), place("eth1", { isDefaultRoute: true, isInternal: true })],
    { ipv4: "eth0" },
  ],
  [
    "for each family the first that has it",
    [place("eth0"), place("eth1", { families: "6" }), place("eth2", { families: "46" })],
    { ipv4: "eth0", ipv6: "eth1" },
  ],
  [
    "for a family that the one that was asked for lacks, the first that has it",
    [place("eth0", { families: "46" }), place("eth1", { isDefaultRoute: true })],
    { ipv4: "eth1", ipv6: "eth0" },
  ],
])("chooseDefaultRoutes chooses %s", (_what, places, routes) => {
  expect(chooseDefaultRoutes(places)).toEqual(routes);
});
