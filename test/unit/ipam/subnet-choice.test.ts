import { expect, test } from "vitest";
import { parseIpv4, parseSubnet } from "../../../src/address/index.ts";
import {
  checkSubnetFree,
  defaultSubnets,
  findOverlap,
  pickSubnet,
  subnetOf,
  type TakenSubnet,
} from "../../../src/ipam/index.ts";

const taken = (...cidrs: string[]): TakenSubnet[] =>
  cidrs.map((cidr) => ({ subnet: parseSubnet(cidr), by: "route dev eth0" }));

test("defaultSubnets begins with 172.16.0.0/24, and no two overlap", () => {
  const subnets = defaultSubnets();
  expect(subnets[0]!.cidr).toBe("172.16.0.0/24");
  for (const [at, subnet] of subnets.entries()) {
    const others = subnets.slice(at + 1).map((other) => ({ subnet: other, by: "" }));
    expect(findOverlap(subnet, others)).toBeUndefined();
  }
});

test.each([
  [[], "172.16.0.0/24"],
  [["172.16.0.0/16"], "172.17.0.0/24"],
  [["172.16.0.128/25", "172.17.0.0/24"], "172.18.0.0/24"],
  [["172.16.0.0/12"], "10.0.0.0/24"],
  [["172.16.0.0/12", "10.0.0.0/8"], "192.168.0.0/24"],
  [["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"], "172.16.0.0/24"],
])("pickSubnet past %j gives %s", (cidrs, expected) => {
  expect(pickSubnet(defaultSubnets(), taken(...cidrs)).cidr).toBe(expected);
});

test("pickSubnet lists what is in the way when nothing is free", () => {
  expect(() =>
    pickSubnet(defaultSubnets(), taken("172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16", "1.0.0.0/8")),
  ).toThrowError(
    expect.objectContaining({
      code: "SUBNET_POOL_EXHAUSTED",
      message:
        "Cannot pick a subnet: all 528 candidates overlap what is taken: " +
        "172.16.0.0/12 (route dev eth0), 10.0.0.0/8 (route dev eth0), 192.168.0.0/16 (route dev eth0)",
    }),
  );
});

test("checkSubnetFree names the route in the way", () => {
  expect(() => checkSubnetFree(parseSubnet("10.8.0.0/24"), taken("10.8.0.0/16"))).toThrowError(
    expect.objectContaining({
      code: "SUBNET_OVERLAPS_ROUTE",
      message: "Cannot use subnet 10.8.0.0/24: it overlaps 10.8.0.0/16 (route dev eth0)",
    }),
  );
  checkSubnetFree(parseSubnet("10.9.0.0/24"), taken("10.8.0.0/16", "0.0.0.0/0"));
});

test.each([
  ["10.1.2.3", 8, "10.0.0.0/8"],
  ["255.255.255.255", 32, "255.255.255.255/32"],
  ["200.1.2.3", 0, "0.0.0.0/0"],
])("subnetOf(%s, %i) is %s", (address, length, expected) => {
  const subnet = subnetOf(parseIpv4(address), length);
  expect(subnet).toEqual(parseSubnet(expected));
});
