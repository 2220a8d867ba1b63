import { expect, test } from "vitest";
import { renderFirewall } from "../../../src/netd/firewall.ts";

const DEFAULT = { name: "default", bridge: "br0", subnet: "172.16.0.0/24" };
const LAB = { name: "lab", bridge: "br-lab", subnet: "10.20.0.0/16" };

test.each([
  ["none", []],
  ["one-network", [DEFAULT]],
  ["two-networks", [DEFAULT, LAB]],
])("renderFirewall of %s is as in the golden file", async (name, networks) => {
  await expect(renderFirewall(networks)).toMatchFileSnapshot(`../../golden/netd/firewall-${name}.nft`);
});

test("renderFirewall masquerades only what leaves by another interface than its bridge", () => {
  const rules = renderFirewall([DEFAULT, LAB]).split("\n");
  expect(rules.filter((rule) => rule.includes("masquerade")).map((rule) => rule.trim())).toEqual([
    'ip saddr 172.16.0.0/24 oifname != "br0" masquerade',
    'ip saddr 10.20.0.0/16 oifname != "br-lab" masquerade',
  ]);
});

test("renderFirewall lets nothing into a bridge after its accepts: every network has one drop, its last forward rule", () => {
  const rules = renderFirewall([DEFAULT, LAB])
    .split("\n")
    .map((rule) => rule.trim());
  for (const { bridge } of [DEFAULT, LAB]) {
    const ofBridge = rules.filter((rule) => rule.includes(`oifname "${bridge}"`) && !rule.includes("masquerade"));
    expect(ofBridge.map((rule) => rule.split(" ").at(-1))).toEqual(["accept", "accept", "drop"]);
  }
});

test("renderFirewall names a bridge in every rule, so that the traffic of others passes untouched", () => {
  const rules = renderFirewall([DEFAULT])
    .split("\n")
    .filter((line) => /(accept|drop|masquerade)$/.test(line));
  expect(rules).not.toHaveLength(0);
  for (const rule of rules) expect(rule).toContain('"br0"');
});
