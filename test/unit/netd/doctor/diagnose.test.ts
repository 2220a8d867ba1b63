import { expect, test } from "vitest";
import { type DoctorFacts, diagnose } from "../../../../src/netd/doctor/diagnose.ts";
import {
  findCgroupLeftovers,
  findLinkLeftovers,
  findNamespaceLeftovers,
} from "../../../../src/netd/doctor/leftovers.ts";
import { type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";
import { findCollisions } from "../../../../src/netd/reconcile/collisions.ts";

const ROW: NetworkRow = {
  ...networkDefaults(),
  ...{ name: "lab", id: "0123456789", bridge: "br-0123456789", mac: "02:42:0a:00:00:01", createdAt: "" },
  ...{ subnet: "10.0.0.0/24", gateway: "10.0.0.1", subnet6: "fd00:0:0:1::/64", gateway6: "fd00:0:0:1::1" },
};
const HEALTHY: DoctorFacts = {
  networks: [{ row: ROW, ports: 3, mtu: 1500, usage: { total: 253, used: 3 } }],
  drift: [],
  leftovers: [],
  staleLeases: 0,
  unanswered: [],
  blocks: [],
  uplink: { name: "eth0", mtu: 1500 },
  neighbours: [{ name: "arp_cache", used: 10, limit: 1024 }],
  sysctls: new Map([["net/ipv4/conf/all/rp_filter", "2"]]),
  busybox: "static",
  failures: [],
};

function told(facts: Partial<DoctorFacts>): string[] {
  return diagnose({ ...HEALTHY, ...facts }).map(
    ({ level, text, repairable }) => `${level}${repairable ? "!" : ""}: ${text}`,
  );
}

test("diagnose says so when nothing is wrong", () => {
  expect(told({})).toEqual(["ok: The network of this host is as netd wants it"]);
});

test("diagnose tells what was changed, and what of it can be mended", () => {
  const mendable = {
    kind: "missing",
    object: "bridge br0",
    text: "it is gone",
    steps: [{ op: "link.set", name: "br0" }],
  } as const;
  const foreign = { kind: "foreign", object: "veth x", text: "it is a port of br0", steps: [] } as const;
  expect(
    told({
      drift: [foreign, { ...mendable, steps: [...mendable.steps] }].map((drift) => ({
        ...drift,
        steps: [...drift.steps],
      })),
    }),
  ).toEqual(["problem!: Of netd's own, bridge br0: it is gone", "warning: A stranger's veth x: it is a port of br0"]);
});

test("diagnose warns before limits are reached, and calls it a problem when they are", () => {
  const [network] = HEALTHY.networks;
  expect(told({ networks: [{ ...network!, ports: 1000, usage: { total: 253, used: 253 } }] })).toEqual([
    "problem: 253 of 253 addresses of network lab are in use",
    "warning: 1000 of 1023 ports of bridge br-0123456789 are in use",
  ]);
  expect(told({ neighbours: [{ name: "arp_cache", used: 1000, limit: 1024 }] })).toEqual([
    "warning: 1000 of 1024 neighbour entries of the host (arp_cache) are in use",
  ]);
});

test("diagnose compares MTUs with that of the way out, and tells when there is none", () => {
  expect(told({ uplink: { name: "wg0", mtu: 1420 } })).toEqual([
    "warning: Packets of network lab may have 1500 bytes, those of wg0 1420",
  ]);
  expect(told({ uplink: undefined })).toEqual([
    "warning: The host has no default route: containers reach nothing outside",
  ]);
});

test("diagnose tells of parameters and programs of the host", () => {
  expect(told({ sysctls: new Map([["net/bridge/bridge-nf-call-iptables", "1"]]) })).toEqual([
    "ok: The network of this host is as netd wants it",
    "ok: Rules of iptables see what containers of one network send each other (net/bridge/bridge-nf-call-iptables = 1)",
  ]);
  expect(told({ busybox: "dynamic" })).toEqual([
    "warning: /bin/busybox needs libraries: the built-in image made from it can't start",
  ]);
});

test("diagnose passes on what rules of others stop, and what it could not find out", () => {
  const found = diagnose({
    ...HEALTHY,
    blocks: [{ text: "docker drops", remedy: ["a", "b"] }],
    failures: ["Cannot tell"],
  });
  expect(found).toMatchObject([
    { level: "problem", text: "Cannot tell", repairable: false },
    { level: "problem", text: "docker drops", remedy: "a; b", repairable: false },
  ]);
});

test("findLinkLeftovers finds links with our tag that nobody owns, and no others", () => {
  const owners = { instance: "0a1b2c3d", containerIds: new Set(["aaaaaaaaaaaa"]), bridges: new Set(["br0"]) };
  const link = { index: 1, mtu: 1500, isUp: true, operState: "up" as const };
  const links = [
    { ...link, name: "br0", kind: "bridge", alias: "netd:0a1b2c3d:bridge" },
    { ...link, name: "br9", kind: "bridge", alias: "netd:0a1b2c3d:bridge" },
    { ...link, name: "vea", kind: "veth", alias: "netd:0a1b2c3d:aaaaaaaaaaaa" },
    { ...link, name: "veb", kind: "veth", alias: "netd:0a1b2c3d:bbbbbbbbbbbb" },
    { ...link, name: "vec", kind: "veth", alias: "netd:ffffffff:bbbbbbbbbbbb" },
    { ...link, name: "ifb", kind: "ifb", alias: "netd:0a1b2c3d:something" },
    { ...link, name: "eth0" },
  ];
  expect(findLinkLeftovers(links, owners).map(({ object }) => object)).toEqual(["bridge br9", "veth veb"]);
});

test("findNamespaceLeftovers finds namespaces with the other end of a pair that nobody owns, and no others", () => {
  const owners = { instance: "0a1b2c3d", containerIds: new Set(["aaaaaaaaaaaa"]), bridges: new Set(["br0"]) };
  const link = { mtu: 1500, isUp: true, operState: "up" as const, kind: "veth" };
  const host = [
    { ...link, index: 7, link: 2, name: "vea", alias: "netd:0a1b2c3d:aaaaaaaaaaaa" },
    { ...link, index: 8, link: 3, name: "veb", alias: "netd:0a1b2c3d:bbbbbbbbbbbb" },
    { ...link, index: 9, link: 2, name: "vec", alias: "netd:ffffffff:bbbbbbbbbbbb" },
  ];
  const namespaces = [
    { name: "owned", links: [{ ...link, index: 2, link: 7, name: "eth0" }] },
    { name: "left", links: [{ ...link, index: 3, link: 8, name: "eth0" }] },
    { name: "others", links: [{ ...link, index: 2, link: 9, name: "eth0" }] },
    { name: "chance", links: [{ ...link, index: 2, link: 8, name: "eth0" }] },
  ];
  expect(findNamespaceLeftovers(namespaces, host, owners)).toEqual([
    {
      ...{ object: "network namespace left", text: "is left of a container that is gone" },
      steps: [{ op: "netns.delete", name: "left" }],
    },
  ]);
});

test("diagnose counts leases of the dead, and names who answers names in netd's place", () => {
  const by = "'dnsmasq' (pid 7) listens on 0.0.0.0";
  expect(
    told({
      staleLeases: 2,
      unanswered: [
        { network: "lab", address: "10.0.0.1", by },
        { network: "b", address: "::1" },
      ],
    }),
  ).toEqual([
    "problem: Nobody of netd's answers names in network lab, on 10.0.0.1 port 53: 'dnsmasq' (pid 7) listens on 0.0.0.0",
    "problem: Nobody of netd's answers names in network b, on ::1 port 53",
    "warning!: 2 leases are of containers that are gone",
  ]);
});

test("findCgroupLeftovers does nothing where there are no cgroups", () => {
  expect(findCgroupLeftovers(["/nowhere"], "/netd/0a1b2c3d", new Set())).toEqual([]);
});

test("findCollisions finds routes that take addresses of a network elsewhere, not those that are wider or its own", () => {
  const route = { family: "inet", type: "unicast", protocol: "static", metric: 0, table: 254 } as const;
  const found = findCollisions(
    [ROW],
    [
      { ...route, to: "default", via: "192.0.2.1", dev: "eth0" },
      { ...route, to: "10.0.0.0/24", dev: "br-0123456789" },
      { ...route, to: "10.0.0.0/8", dev: "tun0" },
      { ...route, to: "10.0.0.128/25", dev: "tun0" },
      { ...route, to: "10.0.0.0/24", via: "192.0.2.9", dev: "eth0" },
      { ...route, family: "inet6", to: "fd00:0:0:1::/64", dev: "tun0" },
      { ...route, family: "inet6", to: "fd00:0:0:2::/64", dev: "tun0" },
    ],
  );
  expect(found.map(({ object }) => object)).toEqual([
    "route 10.0.0.128/25 dev tun0",
    "route 10.0.0.0/24 via 192.0.2.9 dev eth0",
    "route fd00:0:0:1::/64 dev tun0",
  ]);
});
