import { expect, test } from "vitest";
import { type NetworkStep, stepsToShell } from "../../../../src/kernel/index.ts";
import {
  type EndpointPlanInput,
  planDetach,
  planJoin,
  planNamespace,
  planNetworking,
} from "../../../../src/netd/endpoint/endpoint-plan.ts";
import { hostInterfaceName } from "../../../../src/netd/endpoint/endpoint-row.ts";

const ID = "3f2a91c04b5e".padEnd(64, "0");
const INPUT: EndpointPlanInput = {
  containerId: ID,
  netns: "web",
  interface: "eth0",
  hostInterface: hostInterfaceName(ID, "eth0"),
  bridge: "br0",
  isIsolated: false,
  address: "172.16.0.2/24",
  via: "172.16.0.1",
  routes: [],
  mac: "02:42:ac:10:00:02",
  mtu: 1450,
  instance: "0badcafe",
};
const DUAL: EndpointPlanInput = {
  ...INPUT,
  interface: "eth1",
  hostInterface: hostInterfaceName(ID, "eth1"),
  address6: "fd00:1::2/64",
  via6: "fd00:1::1",
  routes: [{ to: "10.9.0.0/16", via: "172.16.0.9" }],
};
const { address: _address, via: _via, ...SIX } = DUAL;

function golden(name: string): string {
  return `../../../golden/netd/${name}.sh`;
}

test.each<[name: string, steps: NetworkStep[]]>([
  ["attach", [...planNamespace("web"), ...planNetworking("web"), ...planJoin(INPUT)]],
  ["attach-dual-stack", planJoin(DUAL)],
  ["attach-ipv6-only", planJoin({ ...SIX, routes: [] })],
  ["detach", planDetach("web")],
])("the plan %s as shell commands is as in the golden file", async (name, steps) => {
  await expect(`${stepsToShell(steps).join("\n")}\n`).toMatchFileSnapshot(golden(name));
});

test("planJoin announces the address last", () => {
  expect(planJoin(INPUT).at(-1)).toMatchObject({ op: "arp.announce", address: "172.16.0.2", link: "eth0" });
});

test("planJoin has an interface ignore router advertisements and duplicates before it may have IPv6, and that before it is up", () => {
  const texts = planJoin(DUAL).map((step) => JSON.stringify(step));
  const order = ["eth1/accept_ra", "eth1/accept_dad", "eth1/disable_ipv6", "fd00:1::2/64", '"name":"eth1","up":true'];
  const places = order.map((text) => texts.findIndex((step) => step.includes(text)));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test("planJoin brings the container's link up before it routes over it", () => {
  const steps = planJoin(INPUT);
  const up = steps.findIndex((step) => step.op === "link.set" && step.netns === "web" && step.name === "eth0");
  expect(up).toBeGreaterThan(steps.findIndex(({ op }) => op === "link.addVeth"));
  expect(up).toBeLessThan(steps.findIndex(({ op }) => op === "route.add"));
});

test("planDetach leaves the veth pair to the kernel, which takes it down with the namespace it reaches into", () => {
  expect(planDetach("web")).toEqual([{ op: "netns.delete", name: "web" }]);
});

test("hostInterfaceName fits IFNAMSIZ and begins like the id", () => {
  expect(hostInterfaceName(ID, "eth0")).toBe("ve3f2a91c04b");
  expect(hostInterfaceName(ID, "eth1")).toBe("ve3f2a91c04b-1");
  expect(hostInterfaceName("f".repeat(64), "eth99").length).toBeLessThan(16);
});
