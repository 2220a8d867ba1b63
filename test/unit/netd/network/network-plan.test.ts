import { expect, test } from "vitest";
import type { LinkInfo, NetworkStep } from "../../../../src/kernel/index.ts";
import {
  type BridgeFacts,
  linkAlias,
  planBridge,
  planNetworkRemoval,
} from "../../../../src/netd/network/network-plan.ts";
import { type NetworkRow, networkDefaults } from "../../../../src/netd/network/network-row.ts";

const INSTANCE = "0badcafe";
const NETWORK: NetworkRow = {
  ...networkDefaults(),
  name: "default",
  id: "0123456789",
  createdAt: "2026-01-01T00:00:00.000Z",
  bridge: "br0",
  subnet: "172.16.0.0/24",
  gateway: "172.16.0.1",
  mac: "02:42:ac:10:00:01",
  isAdopted: false,
};
const OURS: LinkInfo = {
  index: 7,
  name: "br0",
  kind: "bridge",
  mac: NETWORK.mac,
  mtu: 1450,
  isUp: true,
  operState: "up",
  alias: linkAlias(INSTANCE, "bridge"),
};
const HELD = { address: "172.16.0.1/24" } as BridgeFacts["addresses"][number];
const { alias: _alias, ...FOREIGN } = OURS;

const ADD: NetworkStep = {
  op: "link.addBridge",
  name: "br0",
  mac: NETWORK.mac,
  alias: "netd:0badcafe:bridge",
  mtu: 1450,
};
const NO_ADVERTISEMENTS: NetworkStep = {
  op: "sysctl.set",
  key: "net/ipv6/conf/br0/accept_ra",
  value: "0",
  ifPresent: true,
};
const ADDRESS: NetworkStep = { op: "address.add", link: "br0", address: "172.16.0.1/24" };
const UP: NetworkStep = { op: "link.set", name: "br0", up: true };

function plan(facts: BridgeFacts, { isAdopting = false, network = NETWORK } = {}): NetworkStep[] {
  return planBridge(network, { facts, instance: INSTANCE, isAdopting, mtu: 1450 });
}

test.each<[state: string, facts: BridgeFacts, steps: NetworkStep[]]>([
  ["there is none", { link: undefined, addresses: [] }, [ADD, ADDRESS, UP]],
  ["it is in order", { link: OURS, addresses: [HELD] }, []],
  ["it lost its address", { link: OURS, addresses: [] }, [ADDRESS]],
  ["it has another prefix length", { link: OURS, addresses: [{ ...HELD, address: "172.16.0.1/16" }] }, [ADDRESS]],
  ["it is down", { link: { ...OURS, isUp: false }, addresses: [HELD] }, [NO_ADVERTISEMENTS, UP]],
  ["it is down and bare", { link: { ...OURS, isUp: false }, addresses: [] }, [NO_ADVERTISEMENTS, ADDRESS, UP]],
])("planBridge when %s plans what is missing and no more", (_state, facts, steps) => {
  expect(plan(facts)).toEqual(steps);
});

test("planBridge closes a bridge to router advertisements before it brings it up", () => {
  const ops = plan({ link: { ...OURS, isUp: false }, addresses: [] }).map(({ op }) => op);
  expect(ops.indexOf("sysctl.set")).toBeLessThan(ops.indexOf("link.set"));
});

test.each([
  ["somebody else", FOREIGN, "made by somebody else"],
  ["another netd", { ...OURS, alias: "netd:deadbeef:bridge" }, "made by another netd"],
  ["a stranger with an alias", { ...OURS, alias: "uplink" }, "made by somebody else"],
  ["a container of this netd", { ...OURS, alias: linkAlias(INSTANCE, "3f2a") }, "made by another netd"],
])("planBridge refuses a bridge of %s", (_owner, link, text) => {
  expect(() => plan({ link, addresses: [] })).toThrowError(
    expect.objectContaining({
      code: "BRIDGE_FOREIGN",
      message: expect.stringContaining(text),
      remedy: expect.stringContaining("netd --adopt"),
    }),
  );
});

test.each([
  ["when it is adopted now", { isAdopting: true }],
  ["when it was adopted before", { network: { ...NETWORK, isAdopted: true } }],
])("planBridge uses a stranger's bridge %s, and leaves its name, MAC and alias", (_when, options) => {
  expect(plan({ link: FOREIGN, addresses: [] }, options)).toEqual([ADDRESS]);
  expect(plan({ link: FOREIGN, addresses: [HELD] }, options)).toEqual([]);
});

test("planBridge plans a whole bridge when the adopted one is gone", () => {
  const steps = plan({ link: undefined, addresses: [] }, { network: { ...NETWORK, isAdopted: true } });
  expect(steps[0]).toEqual(ADD);
});

test.each([
  ["veth", "it is a veth"],
  [undefined, "it is a device"],
])("planBridge never takes a link of kind %s for a bridge, adopting or not", (kind, text) => {
  const { kind: _kind, ...rest } = FOREIGN;
  const link: LinkInfo = kind === undefined ? rest : { ...rest, kind };
  for (const isAdopting of [false, true]) {
    expect(() => plan({ link, addresses: [] }, { isAdopting })).toThrowError(
      expect.objectContaining({
        code: "BRIDGE_FOREIGN",
        message: expect.stringContaining(text),
        remedy: expect.stringContaining("--bridge"),
      }),
    );
  }
});

const DUAL: NetworkRow = { ...NETWORK, subnet6: "fd00:1:2::/64", gateway6: "fd00:1:2::1" };
const IPV6_ON: NetworkStep = {
  op: "sysctl.set",
  key: "net/ipv6/conf/br0/disable_ipv6",
  value: "0",
  ifPresent: true,
};
const ADDRESS6: NetworkStep = { op: "address.add", link: "br0", address: "fd00:1:2::1/64", nodad: true };

test("planBridge of both families gives the IPv6 address at once, on a host that has IPv6 off as well", () => {
  expect(plan({ link: undefined, addresses: [] }, { network: DUAL })).toEqual([ADD, ADDRESS, IPV6_ON, ADDRESS6, UP]);
  expect(plan({ link: OURS, addresses: [HELD] }, { network: DUAL })).toEqual([IPV6_ON, ADDRESS6]);
});

test("planBridge corrects the MTU of its own bridge, and that of an adopted one only when it was asked to", () => {
  const resize: NetworkStep = { op: "link.set", name: "br0", mtu: 1450 };
  const link = { ...OURS, mtu: 1500 };
  expect(plan({ link, addresses: [HELD] })).toEqual([resize]);
  const adopted = { ...NETWORK, isAdopted: true };
  expect(plan({ link, addresses: [HELD] }, { network: adopted })).toEqual([]);
  expect(plan({ link, addresses: [HELD] }, { network: { ...adopted, mtu: 1450 } })).toEqual([resize]);
});

test("planBridge makes nothing for a macvlan network", () => {
  expect(plan({ link: undefined, addresses: [] }, { network: { ...NETWORK, kind: "macvlan" } })).toEqual([]);
});

test.each<[what: string, network: NetworkRow, facts: BridgeFacts, steps: NetworkStep[]]>([
  ["its own bridge", NETWORK, { link: OURS, addresses: [HELD] }, [{ op: "link.delete", name: "br0" }]],
  ["nothing when it is gone", NETWORK, { link: undefined, addresses: [] }, []],
  ["nothing when a stranger's has the name", NETWORK, { link: FOREIGN, addresses: [HELD] }, []],
  [
    "our address from an adopted bridge",
    { ...NETWORK, isAdopted: true, foundAddresses: ["10.0.0.1/8"] },
    { link: FOREIGN, addresses: [HELD, { ...HELD, address: "10.0.0.1/8" }] },
    [{ op: "address.delete", link: "br0", address: "172.16.0.1/24" }],
  ],
  [
    "nothing from an adopted bridge that had the address before",
    { ...NETWORK, isAdopted: true, foundAddresses: ["172.16.0.1/24"] },
    { link: FOREIGN, addresses: [HELD] },
    [],
  ],
  ["nothing of a macvlan network", { ...NETWORK, kind: "macvlan" }, { link: OURS, addresses: [] }, []],
])("planNetworkRemoval takes %s", (_what, network, facts, steps) => {
  expect(planNetworkRemoval(network, { facts, instance: INSTANCE })).toEqual(steps);
});
