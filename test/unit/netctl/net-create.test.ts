import { Command } from "commander";
import { expect, test } from "vitest";
import type { NetworkSpec } from "../../../src/api/index.ts";
import { defineNetCreate, type NetCreateOptions, toNetworkSpec } from "../../../src/netctl/commands/net-create.ts";
import { recordContext } from "../../support/netctl-context.ts";

/** The specification that `netctl net create ARGV` makes. */
function specOf(...argv: string[]): NetworkSpec {
  const command = new Command("create");
  defineNetCreate(command, recordContext());
  let spec: NetworkSpec | undefined;
  command.action((name: string, options: NetCreateOptions) => {
    spec = toNetworkSpec(name, options);
  });
  command.parse(argv, { from: "user" });
  if (spec === undefined) throw new Error("not parsed");
  return spec;
}

test.each<[line: string, spec: Partial<NetworkSpec>]>([
  ["", {}],
  ["--subnet 10.0.0.0/24 --gateway 10.0.0.9", { subnet: "10.0.0.0/24", gateway: "10.0.0.9" }],
  ["--subnet fd01::/64 --subnet 10.0.0.0/24 --ipv6", { subnet: "10.0.0.0/24", subnet6: "fd01::/64" }],
  ["--gateway fd01::9 --subnet6 fd01::/64", { subnet6: "fd01::/64", gateway6: "fd01::9" }],
  ["--ipv6", { subnet6: "auto" }],
  ["--ipv6=true", { subnet6: "auto" }],
  ["--ipv6=false --ipv4=true", {}],
  ["--ipv4=false --ipv6", { subnet: "none", subnet6: "auto" }],
  ["-d bridge --internal --isolated=false", { kind: "bridge", internal: true, isolated: false }],
  ["--ip-range 10.0.0.128/25 --range 10.0.0.2-10.0.0.9", { ranges: ["10.0.0.2-10.0.0.9", "10.0.0.128/25"] }],
  ["--aux-address router=10.0.0.7 --exclude 10.0.0.8", { excludes: ["10.0.0.8", "10.0.0.7"] }],
  ["--mtu 1400 --nat off --nat6 snat:2001:db8::1", { mtu: 1400, nat: "off", nat6: "snat:2001:db8::1" }],
  ["--mtu auto", {}],
  ["--dns 192.0.2.53 --domain lab.test", { dns: ["192.0.2.53"], domain: "lab.test" }],
  ["--route 10.8.0.0/16:10.0.0.254", { routes: [{ to: "10.8.0.0/16", via: "10.0.0.254" }] }],
  ["--route fd08::/48:fd01::254", { routes: [{ to: "fd08::/48", via: "fd01::254" }] }],
  ["--label a=b --label c --drift report", { labels: { a: "b", c: "" }, drift: "report" }],
  ["--bridge br7 --adopt --mac-prefix 02:77", { bridge: "br7", adopt: true, macPrefix: "02:77" }],
  ["-d macvlan -o parent=eth0 -o macvlan_mode=vepa", { kind: "macvlan", parent: "eth0", macvlanMode: "vepa" }],
  ["--kind macvlan --parent eth0 --macvlan-mode private", { kind: "macvlan", parent: "eth0", macvlanMode: "private" }],
  ["-o com.docker.network.driver.mtu=1400 --opt com.docker.network.bridge.name=br9", { mtu: 1400, bridge: "br9" }],
  ["-o com.docker.network.bridge.enable_icc=false", { isolated: true }],
  ["-o com.docker.network.bridge.enable_ip_masquerade=false", { nat: "off", nat6: "off" }],
  ["-o com.docker.network.bridge.gateway_mode_ipv6=routed --ipv6", { subnet6: "auto", nat6: "off" }],
  ["--scope local --ipam-driver default", {}],
])("toNetworkSpec reads '%s'", (line, spec) => {
  expect(specOf(...line.split(" ").filter((word) => word !== ""), "lab")).toEqual({ name: "lab", ...spec });
});
