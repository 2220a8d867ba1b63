import { expect, test } from "vitest";
import type { LinkInfo, NetworkStep } from "../../../../src/kernel/index.ts";
import { type EndpointPlanInput, planJoin, planLeaveNetwork } from "../../../../src/netd/endpoint/endpoint-plan.ts";
import { planRestore } from "../../../../src/netd/endpoint/restore-endpoint.ts";

const INPUT: EndpointPlanInput = {
  containerId: "a".repeat(64),
  netns: "web",
  interface: "eth0",
  hostInterface: "veaaaaaaaaaa",
  bridge: "br0",
  isIsolated: false,
  address: "10.0.0.2/24",
  via: "10.0.0.1",
  routes: [],
  mac: "02:42:0a:00:00:02",
  mtu: 1500,
  instance: "0badcafe",
};
const MACVLAN: EndpointPlanInput = { ...INPUT, interface: "eth1", macvlanMode: "bridge", bridge: "up0" };

function linkOf(name: string, more: Partial<LinkInfo> = {}): LinkInfo {
  return { index: 7, name, mtu: 1500, isUp: true, operState: "up", ...more };
}

const BRIDGE = linkOf("br0", { index: 3 });
const PORT = linkOf("veaaaaaaaaaa", { master: 3 });

function restore(links: LinkInfo[], input = INPUT, inside?: LinkInfo): NetworkStep[] {
  return planRestore(input, new Map(links.map((link) => [link.name, link])), () => inside);
}

test("planRestore leaves an endpoint alone that is in order", () => {
  expect(restore([BRIDGE, PORT])).toEqual([]);
});

test("planRestore makes an endpoint anew whose host end is gone, or was never brought up", () => {
  const anew = [{ op: "link.delete", name: PORT.name }, ...planJoin(INPUT, { isRunning: true })];
  expect(restore([BRIDGE])).toEqual(anew);
  expect(restore([BRIDGE, { ...PORT, isUp: false }])).toEqual(anew);
});

test("planRestore judges an endpoint of a macvlan network by its link inside", () => {
  expect(restore([], MACVLAN, linkOf("eth1"))).toEqual([]);
  const anew = [{ op: "link.delete", netns: "web", name: "eth1" }, ...planJoin(MACVLAN, { isRunning: true })];
  expect(restore([], MACVLAN)).toEqual(anew);
  expect(restore([], MACVLAN, linkOf("eth1", { isUp: false }))).toEqual(anew);
});

test("planJoin of a macvlan network has no host end, and brings its link up after its addresses", () => {
  const steps = planJoin(MACVLAN);
  expect(steps[0]).toMatchObject({ op: "link.addMacvlan", parent: "up0", name: "eth1", mode: "bridge" });
  expect(steps.filter((step) => JSON.stringify(step).includes(INPUT.hostInterface))).toEqual([]);
});

test("planLeaveNetwork takes the link down, moves the default route, and deletes the link, in this order", () => {
  const { via: _via, ...left } = { ...INPUT, interface: "eth1", hostInterface: "veaaaaaaaaaa-1" };
  expect(planLeaveNetwork(INPUT, [{ ...left, via: "10.0.1.1" }])).toEqual([
    { op: "link.set", name: "veaaaaaaaaaa", up: false },
    { op: "route.replace", netns: "web", to: "default", via: "10.0.1.1", dev: "eth1" },
    { op: "link.delete", name: "veaaaaaaaaaa" },
  ]);
});

test("planLeaveNetwork leaves a default route alone that goes through another network", () => {
  const { via: _via, ...left } = INPUT;
  expect(planLeaveNetwork(left, [{ ...INPUT, interface: "eth1" }]).map(({ op }) => op)).toEqual([
    "link.set",
    "link.delete",
  ]);
});
