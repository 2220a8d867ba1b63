import { describe, expect, test } from "vitest";
import { parseIpSubnet } from "../../../../src/address/index.ts";
import type { NetworkSpec } from "../../../../src/api/index.ts";
import type { NetdError } from "../../../../src/errors.ts";
import type { LinkInfo } from "../../../../src/kernel/index.ts";
import type { HostFacts } from "../../../../src/netd/network/host-facts.ts";
import { type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";
import { resolveNetwork } from "../../../../src/netd/network/resolve-network.ts";

const ID = "0123456789";
const NOW = new Date("2026-01-02T03:04:05Z");
const ULA = parseIpSubnet("fd12:3456:789a::/48");

const DEFAULT: NetworkRow = {
  ...networkDefaults(),
  name: "default",
  id: "aaaaaaaaaa",
  bridge: "br0",
  mac: "02:42:ac:10:00:01",
  subnet: "172.16.0.0/24",
  gateway: "172.16.0.1",
  subnet6: "fd12:3456:789a::/64",
  gateway6: "fd12:3456:789a::1",
  createdAt: NOW.toISOString(),
};

function link(name: string, more: Partial<LinkInfo> = {}): LinkInfo {
  return { index: name.length + 100, name, mtu: 1500, isUp: true, operState: "up", ...more };
}

const HOST: HostFacts = {
  links: [
    link("lo"),
    link("eth0", { index: 2 }),
    link("down0", { isUp: false }),
    link("virbr0", { index: 9, kind: "bridge", mac: "52:54:00:00:00:01", mtu: 1400 }),
    link("port0", { master: 9 }),
    link("br0", { kind: "bridge", alias: "netd:0badcafe:bridge" }),
    link("brx", { kind: "bridge", alias: "netd:deadbeef:bridge" }),
  ],
  addresses: [
    { link: "eth0", address: "192.0.2.10/24" },
    { link: "eth0", address: "2001:db8:100::2/64" },
    { link: "virbr0", address: "192.168.122.1/24" },
    { link: "lo", address: "172.20.5.5/32" },
  ],
  routes: [
    { subnet: parseIpSubnet("192.0.2.0/24"), by: "route 192.0.2.0/24 dev eth0", link: "eth0" },
    { subnet: parseIpSubnet("172.17.0.0/16"), by: "route 172.17.0.0/16 dev docker0", link: "docker0" },
    { subnet: parseIpSubnet("0.0.0.0/1"), by: "route 0.0.0.0/1 dev tun0", link: "tun0" },
    { subnet: parseIpSubnet("192.168.122.0/24"), by: "route 192.168.122.0/24 dev virbr0", link: "virbr0" },
    { subnet: parseIpSubnet("172.16.0.0/24"), by: "route 172.16.0.0/24 dev br0", link: "br0" },
  ],
};

function resolve(spec: Partial<NetworkSpec>, networks: NetworkRow[] = [DEFAULT], host = HOST): NetworkRow {
  return resolveNetwork({ name: "lab", ...spec }, { networks, host, ula: ULA, id: ID, now: NOW });
}

function refusal(spec: Partial<NetworkSpec>, networks?: NetworkRow[]): Pick<NetdError, "code" | "message"> {
  try {
    resolve(spec, networks);
  } catch (error) {
    const { code, message } = error as NetdError;
    return { code, message };
  }
  throw new Error(`${JSON.stringify(spec)} was accepted`);
}

describe("resolveNetwork", () => {
  test("with a name alone picks a subnet past networks and routes, and makes the rest from it", () => {
    expect(resolve({})).toEqual({
      ...networkDefaults(),
      name: "lab",
      id: ID,
      bridge: "br-0123456789",
      mac: "02:42:ac:12:00:01",
      subnet: "172.18.0.0/24",
      gateway: "172.18.0.1",
      createdAt: NOW.toISOString(),
    });
  });

  test("with subnet6 'auto' takes the first /64 of the host's prefix that no network has", () => {
    expect(resolve({ subnet6: "auto" })).toMatchObject({
      subnet6: "fd12:3456:789a:1::/64",
      gateway6: "fd12:3456:789a:1::1",
    });
    expect(resolve({ subnet: "none", subnet6: "auto" })).not.toHaveProperty("subnet");
    expect(resolve({ subnet: "none", subnet6: "auto" }).mac).toBe("02:42:00:00:00:01");
  });

  test("keeps what it is given", () => {
    const given: Partial<NetworkSpec> = {
      subnet: "10.7.0.0/16",
      gateway: "10.7.255.254",
      subnet6: "2001:db8:7::/64",
      gateway6: "2001:db8:7::ffff",
      bridge: "lab0",
      mtu: 1400,
      nat: "snat:192.0.2.10",
      nat6: "snat:2001:db8:100::2",
      isolated: true,
      ranges: ["10.7.1.0/24", "10.7.2.5-10.7.2.9", "2001:db8:7::10-2001:db8:7::20"],
      excludes: ["10.7.1.7"],
      dns: ["203.0.113.53"],
      domain: "lab.example",
      routes: [{ to: "10.99.0.0/16", via: "10.7.0.9" }],
      labels: { stage: "test" },
      macPrefix: "02-AB",
      drift: "report",
    };
    expect(resolve(given)).toMatchObject({
      subnet: "10.7.0.0/16",
      gateway: "10.7.255.254",
      gateway6: "2001:db8:7::ffff",
      bridge: "lab0",
      mac: "02:42:0a:07:ff:fe",
      mtu: 1400,
      nat: "snat:192.0.2.10",
      nat6: "snat:2001:db8:100::2",
      isIsolated: true,
      ranges: given.ranges,
      excludes: given.excludes,
      dns: given.dns,
      domain: "lab.example",
      routes: given.routes,
      labels: given.labels,
      macPrefix: "02:ab",
      drift: "report",
    });
  });

  test("adopting takes subnet, gateway, MAC and MTU of the bridge that is there", () => {
    expect(resolve({ bridge: "virbr0", adopt: true })).toMatchObject({
      bridge: "virbr0",
      isAdopted: true,
      subnet: "192.168.122.0/24",
      gateway: "192.168.122.1",
      mac: "52:54:00:00:00:01",
      mtu: 1400,
    });
  });

  test("macvlan lies on its parent, within that link's own subnet, without NAT; its gateway can be none", () => {
    const spec: Partial<NetworkSpec> = { kind: "macvlan", parent: "eth0", subnet: "192.0.2.0/24" };
    expect(resolve({ ...spec, gateway: "192.0.2.254" })).toMatchObject({
      kind: "macvlan",
      bridge: "eth0",
      macvlanMode: "bridge",
      gateway: "192.0.2.254",
      nat: "off",
      nat6: "off",
    });
    expect(resolve(spec).gateway).toBe("192.0.2.1");
    expect(resolve({ ...spec, gateway: "none" })).not.toHaveProperty("gateway");
  });

  test.each<[spec: Partial<NetworkSpec>, code: string, text: string]>([
    [{ name: "default" }, "NETWORK_NAME_TAKEN", "there is one of that name"],
    [{ name: "none" }, "NETWORK_NAME_TAKEN", "it means no network at all"],
    [{ name: "host" }, "NETWORK_NAME_TAKEN", "the host's own network"],
    [{ name: "bridge" }, "NETWORK_NAME_TAKEN", "docker calls the default network"],
    [{ name: "container" }, "NETWORK_NAME_TAKEN", "another container's network"],
    [{ subnet: "none" }, "NETWORK_INVALID", "neither IPv4 nor IPv6"],
    [{ subnet: "10.0.0.0" }, "SUBNET_INVALID", "ADDRESS/LENGTH wanted"],
    [{ subnet: "10.0.0.1/24" }, "SUBNET_INVALID", "host bits set"],
    [{ subnet: "10.0.0.0/31" }, "SUBNET_INVALID", "from 8 to 30 wanted"],
    [{ subnet: "10.0.0.0/7" }, "SUBNET_INVALID", "from 8 to 30 wanted"],
    [{ subnet: "fd00::/64" }, "SUBNET_INVALID", "an IPv4 subnet wanted"],
    [{ subnet6: "10.0.0.0/24" }, "SUBNET_INVALID", "an IPv6 subnet wanted"],
    [{ subnet6: "fd00::/63" }, "SUBNET_INVALID", "from 64 to 126 wanted"],
    [{ subnet6: "fd00::/127" }, "SUBNET_INVALID", "from 64 to 126 wanted"],
    [{ subnet: "127.5.0.0/24" }, "SUBNET_INVALID", "127.0.0.0/8 is for loopback"],
    [{ subnet: "239.0.0.0/24" }, "SUBNET_INVALID", "224.0.0.0/4 is for multicast"],
    [{ subnet6: "fe80::/64" }, "SUBNET_INVALID", "fe80::/10 is for link-local"],
    [{ subnet: "172.16.0.0/16" }, "SUBNET_OVERLAPS_NETWORK", "172.16.0.0/24 (network 'default')"],
    [{ subnet6: "fd12:3456:789a::/64" }, "SUBNET_OVERLAPS_NETWORK", "network 'default'"],
    [{ subnet: "172.17.3.0/24" }, "SUBNET_OVERLAPS_ROUTE", "route 172.17.0.0/16 dev docker0"],
    [{ subnet: "172.20.0.0/16" }, "SUBNET_OVERLAPS_ROUTE", "address 172.20.5.5 of lo"],
    [{ gateway: "10.0.0.1" }, "NETWORK_INVALID", "a gateway and no subnet"],
    [{ subnet: "10.0.0.0/24", gateway: "10.0.1.1" }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "no host address of 10.0.0.0/24"],
    [{ subnet: "10.0.0.0/24", gateway: "10.0.0.0" }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "no host address"],
    [{ subnet: "10.0.0.0/24", gateway: "10.0.0.255" }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "no host address"],
    [{ subnet: "10.0.0.0/24", gateway: "fd00::1" }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "no host address"],
    [{ subnet: "10.0.0.0/24", gateway: "nonsense" }, "ADDRESS_INVALID", "nonsense"],
    [{ subnet: "10.0.0.0/24", gateway: "none" }, "NETWORK_INVALID", "kind bridge and no gateway"],
    [{ gateway6: "fd00::1" }, "NETWORK_INVALID", "without IPv6"],
    [{ nat6: "off" }, "NETWORK_INVALID", "without IPv6"],
    [{ subnet: "none", subnet6: "auto", nat: "masquerade" }, "NETWORK_INVALID", "without IPv4"],
    [{ internal: true, nat: "masquerade" }, "NETWORK_INVALID", "--internal and --nat masquerade"],
    [{ internal: true, dns: ["192.0.2.1"] }, "NETWORK_INVALID", "--internal and --dns"],
    [{ nat: "snat:2001:db8:100::2" }, "NETWORK_INVALID", "an IPv4 address wanted"],
    [{ nat: "snat:198.51.100.1" }, "NETWORK_INVALID", "no link of this host has that address"],
    [{ adopt: true }, "NETWORK_INVALID", "--adopt and no --bridge"],
    [{ adopt: true, bridge: "nobody" }, "LINK_MISSING", "no such link"],
    [{ adopt: true, bridge: "eth0" }, "BRIDGE_FOREIGN", "it is a device"],
    [{ adopt: true, bridge: "brx" }, "BRIDGE_FOREIGN", "another netd"],
    [{ bridge: "virbr0" }, "BRIDGE_FOREIGN", "somebody else"],
    [{ bridge: "br0" }, "BRIDGE_FOREIGN", "network 'default' has it"],
    [{ bridge: "a-name-of-16-chr" }, "NETWORK_INVALID", "1 to 15 characters"],
    [{ bridge: "a/b" }, "NETWORK_INVALID", "1 to 15 characters"],
    [{ bridge: ".." }, "NETWORK_INVALID", "1 to 15 characters"],
    [{ bridge: "a b" }, "NETWORK_INVALID", "1 to 15 characters"],
    [{ subnet6: "auto", mtu: 1279 }, "NETWORK_INVALID", "at least 1280"],
    [{ subnet: "10.0.0.0/24", ranges: ["10.0.1.0/25"] }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "not within 10.0.0.0/24"],
    [{ subnet: "10.0.0.0/24", ranges: ["10.0.0.9-10.0.0.3"] }, "ADDRESS_INVALID", "lower address first"],
    [{ subnet: "10.0.0.0/24", excludes: ["10.0.1.1"] }, "IPAM_ADDRESS_OUTSIDE_SUBNET", "exclude 10.0.1.1"],
    [{ subnet: "10.0.0.0/24", routes: [{ to: "10.9.0.0/16", via: "10.0.1.1" }] }, "NETWORK_INVALID", "next router"],
    [{ subnet: "10.0.0.0/24", routes: [{ to: "0.0.0.0/0", via: "10.0.0.2" }] }, "NETWORK_INVALID", "a default route"],
    [{ subnet: "10.0.0.0/24", routes: [{ to: "fd00::/64", via: "10.0.0.2" }] }, "NETWORK_INVALID", "two families"],
    [
      { subnet: "10.0.0.0/24", routes: [{ to: "10.0.0.0/16", via: "10.0.0.2" }] },
      "NETWORK_INVALID",
      "the network itself",
    ],
    [{ subnet: "10.0.0.0/24", routes: [{ to: "10.9.0.0/16", via: "10.0.0.1" }] }, "NETWORK_INVALID", "is the gateway"],
    [{ dns: ["ns.example"] }, "ADDRESS_INVALID", "ns.example"],
    [{ domain: "-lab" }, "NETWORK_INVALID", "domain '-lab'"],
    [{ domain: "a..b" }, "NETWORK_INVALID", "domain 'a..b'"],
    [{ labels: { "": "x" } }, "NETWORK_INVALID", "label ''"],
    [{ labels: { "a b": "x" } }, "NETWORK_INVALID", "label 'a b'"],
    [{ labels: { a: "x\u001b[2J" } }, "NETWORK_INVALID", "label 'a'"],
    [{ macPrefix: "03" }, "MAC_INVALID", "unicast"],
    [{ macPrefix: "02:42:ac:10:00", subnet: "10.0.0.0/16" }, "NETWORK_INVALID", "leaves 8 bits"],
    [{ parent: "eth0" }, "NETWORK_INVALID", "--parent and kind bridge"],
    [{ macvlanMode: "vepa" }, "NETWORK_INVALID", "--macvlan-mode and kind bridge"],
    [{ kind: "macvlan", subnet: "192.0.2.0/24" }, "NETWORK_INVALID", "no --parent"],
    [{ kind: "macvlan", parent: "eth0" }, "NETWORK_INVALID", "no --subnet"],
    [{ kind: "macvlan", parent: "eth9", subnet: "192.0.2.0/24" }, "LINK_MISSING", "no such link"],
    [{ kind: "macvlan", parent: "down0", subnet: "10.0.0.0/24" }, "NETWORK_INVALID", "it is down"],
    [{ kind: "macvlan", parent: "port0", subnet: "10.0.0.0/24" }, "NETWORK_INVALID", "a port of 'virbr0'"],
    [{ kind: "macvlan", parent: "br0", subnet: "10.0.0.0/24" }, "NETWORK_INVALID", "the bridge of network 'default'"],
    [{ kind: "macvlan", parent: "lo", subnet: "10.0.0.0/24" }, "NETWORK_INVALID", "loopback"],
    [{ kind: "macvlan", parent: "eth0", subnet: "192.0.2.0/24", bridge: "x" }, "NETWORK_INVALID", "--bridge"],
    [
      { kind: "macvlan", parent: "eth0", subnet: "192.0.2.0/24", nat: "masquerade" },
      "NETWORK_INVALID",
      "--nat masquerade",
    ],
    [{ kind: "macvlan", parent: "eth0", subnet: "192.0.2.0/24", internal: true }, "NETWORK_INVALID", "--internal"],
    [{ kind: "macvlan", parent: "eth0", subnet: "192.0.2.0/24", isolated: true }, "NETWORK_INVALID", "--isolated"],
  ])("refuses %j", (spec, code, text) => {
    const refused = refusal(spec);
    expect(refused).toEqual({ code, message: expect.stringContaining(text) });
    expect(refused.message).toMatch(/^Cannot \w+ /);
  });

  test("tells what is in the way when no subnet is free", () => {
    const wide = ["172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16"].map((cidr) => ({
      subnet: parseIpSubnet(cidr),
      by: `route ${cidr} dev vpn0`,
      link: "vpn0",
    }));
    expect(() => resolve({}, [DEFAULT], { ...HOST, routes: wide })).toThrow(/route 10\.0\.0\.0\/8 dev vpn0/);
  });

  test("mode passthru wants its parent alone", () => {
    const lan = { ...DEFAULT, name: "lan", kind: "macvlan" as const, bridge: "eth0", macvlanMode: "bridge" as const };
    const spec: Partial<NetworkSpec> = {
      kind: "macvlan",
      parent: "eth0",
      subnet: "10.0.0.0/24",
      macvlanMode: "passthru",
    };
    expect(refusal(spec, [lan]).message).toContain("network 'lan' is on it");
  });
});
