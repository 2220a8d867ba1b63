import { describe, expect, test } from "vitest";
import type { NetworkChange } from "../../../../src/api/index.ts";
import { changeNetwork, type PlannedEndpoint, planChange } from "../../../../src/netd/network/change-network.ts";
import { type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";

const ROW: NetworkRow = {
  ...networkDefaults(),
  name: "lab",
  id: "0123456789",
  bridge: "br-0123456789",
  mac: "02:42:0a:00:00:01",
  subnet: "10.0.0.0/24",
  gateway: "10.0.0.1",
  mtu: 1400,
  domain: "lab.example",
  createdAt: "2026-01-01T00:00:00.000Z",
};
const MACVLAN: NetworkRow = { ...ROW, kind: "macvlan", bridge: "eth0", nat: "off" };
const HOST = [{ link: "eth0", address: "192.0.2.10/24" }];

describe("changeNetwork", () => {
  test("changes what is given, and nothing else", () => {
    expect(changeNetwork(ROW, {}, HOST)).toEqual(ROW);
    const change: NetworkChange = { nat: "snat:192.0.2.10", internal: true, isolated: true, labels: { a: "b" } };
    expect(changeNetwork(ROW, { ...change, internal: false }, HOST)).toEqual({
      ...ROW,
      nat: "snat:192.0.2.10",
      isIsolated: true,
      labels: { a: "b" },
    });
  });

  test("an MTU of 0 follows the uplink again, an empty domain is none", () => {
    const changed = changeNetwork(ROW, { mtu: 0, domain: "" }, HOST);
    expect(changed).not.toHaveProperty("mtu");
    expect(changed).not.toHaveProperty("domain");
  });

  test("does not look again for the address of a NAT that stays as it is", () => {
    const row = { ...ROW, nat: "snat:198.51.100.9" };
    expect(changeNetwork(row, { mtu: 1300 }, HOST).mtu).toBe(1300);
    expect(() => changeNetwork(row, { nat: "snat:198.51.100.9" }, HOST)).toThrow(/no link of this host/);
  });

  test.each<[row: NetworkRow, change: NetworkChange, text: string]>([
    [ROW, { nat6: "off" }, "it has no IPv6"],
    [ROW, { internal: true, nat: "masquerade" }, "--internal and --nat masquerade"],
    [ROW, { ranges: ["10.1.0.0/24"] }, "not within 10.0.0.0/24"],
    [ROW, { nat: "snat:198.51.100.9" }, "no link of this host has that address"],
    [ROW, { routes: [{ to: "10.9.0.0/16", via: "10.1.0.1" }] }, "next router"],
    [{ ...ROW, subnet6: "fd00::/64", gateway6: "fd00::1" }, { mtu: 1279 }, "at least 1280"],
    [MACVLAN, { nat: "masquerade" }, "kind macvlan"],
    [MACVLAN, { internal: true }, "kind macvlan"],
    [MACVLAN, { isolated: true }, "kind macvlan"],
    [MACVLAN, { mtu: 0 }, "kind macvlan"],
  ])("of %j refuses %j", (row, change, text) => {
    expect(() => changeNetwork(row, change, HOST)).toThrow(text);
  });
});

const EASY: PlannedEndpoint = {
  netns: "web",
  interface: "eth0",
  hostInterface: "ve0123456789",
  isIsolated: false,
  mtu: 1500,
  routes: [],
  via: "10.0.0.1",
};

function changeOf(after: Partial<PlannedEndpoint>, before: Partial<PlannedEndpoint> = {}) {
  return [{ before: [{ ...EASY, ...before }], after: [{ ...EASY, ...before, ...after }] }];
}

describe("planChange", () => {
  test("plans nothing when nothing changed", () => {
    expect(planChange({ bridge: "br0", before: 1500, after: 1500 }, changeOf({}))).toEqual([]);
  });

  test("lets a larger MTU grow from the bridge inward, a smaller one shrink from the containers outward", () => {
    const links = (before: number, after: number) =>
      planChange({ bridge: "br0", before, after }, changeOf({ mtu: after }, { mtu: before })).map((step) =>
        step.op === "link.set" ? [step.netns, step.name, step.mtu] : step,
      );
    expect(links(1500, 9000)).toEqual([
      [undefined, "br0", 9000],
      [undefined, "ve0123456789", 9000],
      ["web", "eth0", 9000],
    ]);
    expect(links(9000, 1500)).toEqual([
      ["web", "eth0", 1500],
      [undefined, "ve0123456789", 1500],
      [undefined, "br0", 1500],
    ]);
  });

  test("has no host end to change in a macvlan network", () => {
    expect(planChange(undefined, changeOf({ mtu: 1400 }, { macvlanMode: "bridge" }))).toEqual([
      { op: "link.set", netns: "web", name: "eth0", mtu: 1400 },
    ]);
  });

  test("isolates ports, and lets them go", () => {
    expect(planChange(undefined, changeOf({ isIsolated: true }))).toEqual([
      { op: "port.set", name: "ve0123456789", isolated: true },
    ]);
    expect(planChange(undefined, changeOf({ isIsolated: false }, { isIsolated: true }))).toEqual([
      { op: "port.set", name: "ve0123456789", isolated: false },
    ]);
  });

  test("deletes routes that went, adds those that came, and replaces those that lead elsewhere now", () => {
    const before = [
      { to: "10.1.0.0/16", via: "10.0.0.2" },
      { to: "10.2.0.0/16", via: "10.0.0.2" },
      { to: "10.3.0.0/16", via: "10.0.0.2" },
    ];
    const after = [
      { to: "10.2.0.0/16", via: "10.0.0.9" },
      { to: "10.3.0.0/16", via: "10.0.0.2" },
      { to: "10.4.0.0/16", via: "10.0.0.2" },
    ];
    const place = { netns: "web", dev: "eth0" };
    expect(planChange(undefined, changeOf({ routes: after }, { routes: before }))).toEqual([
      { op: "route.delete", to: "10.1.0.0/16", via: "10.0.0.2", ...place },
      { op: "route.replace", to: "10.2.0.0/16", via: "10.0.0.9", ...place },
      { op: "route.replace", to: "10.4.0.0/16", via: "10.0.0.2", ...place },
    ]);
  });

  test("moves the default route to the interface that has it now, or takes it away", () => {
    const second: PlannedEndpoint = { ...EASY, interface: "eth1", hostInterface: "ve0123456789-1", via: undefined };
    const closed = { ...EASY, via: undefined };
    expect(
      planChange(undefined, [{ before: [EASY, second], after: [closed, { ...second, via: "10.5.0.1" }] }]),
    ).toEqual([{ op: "route.replace", netns: "web", to: "default", via: "10.5.0.1", dev: "eth1" }]);
    expect(planChange(undefined, [{ before: [EASY, second], after: [closed, second] }])).toEqual([
      { op: "route.delete", netns: "web", to: "default", via: "10.0.0.1", dev: "eth0" },
    ]);
  });
});
