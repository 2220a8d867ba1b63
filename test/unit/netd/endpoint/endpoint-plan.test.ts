import { expect, test } from "vitest";
import { stepsToShell } from "../../../../src/kernel/index.ts";
import {
  type EndpointPlanInput,
  hostInterfaceName,
  planAttach,
  planDetach,
} from "../../../../src/netd/endpoint/endpoint-plan.ts";

const ID = "3f2a91c04b5e".padEnd(64, "0");
const INPUT: EndpointPlanInput = {
  containerId: ID,
  netns: "web",
  hostInterface: hostInterfaceName(ID),
  bridge: "br0",
  address: "172.16.0.2",
  subnet: "172.16.0.0/24",
  gateway: "172.16.0.1",
  mac: "02:42:ac:10:00:02",
  mtu: 1450,
  instance: "0badcafe",
};

function golden(name: string): string {
  return `../../../golden/netd/${name}.sh`;
}

test("planAttach as shell commands is as in the golden file", async () => {
  await expect(`${stepsToShell(planAttach(INPUT)).join("\n")}\n`).toMatchFileSnapshot(golden("attach"));
});

test("planDetach as shell commands is as in the golden file", async () => {
  await expect(`${stepsToShell(planDetach(INPUT)).join("\n")}\n`).toMatchFileSnapshot(golden("detach"));
});

test("planAttach takes the prefix length of the address from the subnet", () => {
  expect(planAttach({ ...INPUT, subnet: "172.16.0.0/12" })).toContainEqual({
    op: "address.add",
    netns: "web",
    link: "eth0",
    address: "172.16.0.2/12",
  });
});

test("planAttach makes the namespace first and announces the address last", () => {
  const ops = planAttach(INPUT).map(({ op }) => op);
  expect(ops[0]).toBe("netns.add");
  expect(ops.at(-1)).toBe("arp.announce");
});

test("planAttach brings the container's link up before it routes over it", () => {
  const steps = planAttach(INPUT);
  const up = steps.findIndex((step) => step.op === "link.set" && step.netns === "web" && step.name === "eth0");
  expect(up).toBeGreaterThan(steps.findIndex(({ op }) => op === "link.addVeth"));
  expect(up).toBeLessThan(steps.findIndex(({ op }) => op === "route.add"));
});

test("planDetach leaves the veth pair to the kernel, which takes it down with the namespace it reaches into", () => {
  expect(planDetach(INPUT)).toEqual([{ op: "netns.delete", name: "web" }]);
});

test("hostInterfaceName fits IFNAMSIZ and begins like the id", () => {
  expect(hostInterfaceName(ID)).toBe("ve3f2a91c04b");
  expect(hostInterfaceName("f".repeat(64)).length).toBeLessThan(16);
});
