import { describe, expect, test } from "vitest";
import type { ContainerSpec } from "../../../../src/api/index.ts";
import type { Container } from "../../../../src/netd/container.ts";
import { resolveNetworks } from "../../../../src/netd/endpoint/network-spec.ts";
import { DEFAULT_NETWORK, type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";
import { Networks } from "../../../../src/netd/network/networks.ts";

function rowOf(name: string, id: string, more: Partial<NetworkRow> = {}): NetworkRow {
  return {
    ...networkDefaults(),
    ...{ name, id, bridge: `br-${id}`, mac: "02:42:00:00:00:01", createdAt: "2026-01-01T00:00:00.000Z" },
    ...{ subnet: "10.0.0.0/24", gateway: "10.0.0.1" },
    ...more,
  };
}

const SIX: Partial<NetworkRow> = { subnet6: "fd00::/64", gateway6: "fd00::1" };
const { subnet: _subnet, gateway: _gateway, ...ONLY_SIX } = rowOf("six", "aaaaaaaa03", SIX);
const NETWORKS = new Networks([
  rowOf(DEFAULT_NETWORK, "aaaaaaaa01"),
  rowOf("lab", "aaaaaaaa02"),
  ONLY_SIX,
  rowOf("inner", "aaaaaaaa04", { isInternal: true }),
]);

function resolve(spec: Partial<ContainerSpec>): ReturnType<typeof resolveNetworks> {
  return resolveNetworks(
    { image: "busybox", ...spec },
    {
      networks: NETWORKS,
      findContainer: (reference) => ({ row: { id: "f".repeat(64), network: reference } }) as Container,
    },
  );
}

describe("resolveNetworks", () => {
  test("joins the default network as eth0 unless told otherwise", () => {
    expect(resolve({})).toEqual({
      network: "default",
      endpoints: [{ network: "default", interface: "eth0", aliases: [] }],
    });
  });

  test("joins several networks in their order, each with what was asked for it, by name or id", () => {
    const spec: Partial<ContainerSpec> = {
      network: "lab",
      ip: "10.0.0.7",
      mac: "02-42-00-00-00-AA",
      aliases: ["DB", "db", "store.local"],
      networks: [{ network: "aaaaaaaa03", ip6: "fd00::7", defaultRoute: true }, { network: "inner" }],
    };
    expect(resolve(spec)).toEqual({
      network: "lab",
      endpoints: [
        {
          ...{ network: "lab", interface: "eth0", aliases: ["db", "store.local"] },
          ...{ ip: "10.0.0.7", mac: "02:42:00:00:00:aa" },
        },
        { network: "six", interface: "eth1", aliases: [], ip6: "fd00::7", isDefaultRoute: true },
        { network: "inner", interface: "eth2", aliases: [] },
      ],
    });
  });

  test.each<[what: string, spec: Partial<ContainerSpec>, code: string, text: string]>([
    ["an unknown network", { network: "nosuch" }, "NETWORK_UNKNOWN", "nosuch"],
    ["an unknown further network", { networks: [{ network: "nosuch" }] }, "NETWORK_UNKNOWN", "nosuch"],
    ["a network twice", { networks: [{ network: "default" }] }, "API_REQUEST_INVALID", "'default' twice"],
    ["no address", { ip: "10.0.0" }, "ADDRESS_INVALID", "10.0.0"],
    ["no IPv6 address", { network: "six", ip6: "fd00" }, "ADDRESS_INVALID", "fd00"],
    ["no MAC", { mac: "01:00:00:00:00:01" }, "MAC_INVALID", "01:00:00:00:00:01"],
    ["an IPv4 address in a network of IPv6", { network: "six", ip: "10.0.0.7" }, "API_REQUEST_INVALID", "no IPv4"],
    ["an IPv6 address in a network of IPv4", { ip6: "fd00::7" }, "API_REQUEST_INVALID", "no IPv6"],
    ["an alias that is no name", { aliases: ["a b"] }, "API_REQUEST_INVALID", "'a b'"],
    ["an alias with a line of its own", { aliases: ["a\n127.0.0.1\tb"] }, "API_REQUEST_INVALID", "alias"],
    [
      "two default routes",
      { networks: ["lab", "six"].map((network) => ({ network, defaultRoute: true })) },
      "API_REQUEST_INVALID",
      "two networks for the default route",
    ],
    [
      "a default route through an internal network",
      { networks: [{ network: "inner", defaultRoute: true }] },
      "API_REQUEST_INVALID",
      "internal",
    ],
    ["none and an address", { network: "none", ip: "10.0.0.7" }, "API_REQUEST_INVALID", "--ip"],
    ["host and an alias", { network: "host", aliases: ["db"] }, "API_REQUEST_INVALID", "--network-alias"],
    [
      "none and another network",
      { network: "none", networks: [{ network: "lab" }] },
      "API_REQUEST_INVALID",
      "--network",
    ],
    ["none as a further network", { networks: [{ network: "none" }] }, "NETWORK_UNKNOWN", "none"],
  ])("refuses %s", (_what, spec, code, text) => {
    expect(() => resolve(spec)).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });

  test.each(["none", "host"])("gives a container of network %s no endpoint", (network) => {
    expect(resolve({ network })).toEqual({ network, endpoints: [] });
  });

  test("joins the container that another one joined", () => {
    expect(resolve({ network: "container:default" }).network).toBe(`container:${"f".repeat(64)}`);
    expect(resolve({ network: `container:container:${"e".repeat(64)}` }).network).toBe(`container:${"e".repeat(64)}`);
  });
});
