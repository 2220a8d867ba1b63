import { expect, test } from "vitest";
import { parsePortMapping } from "../../../src/address/index.ts";
import type { ContainerInfo, NetworkInfo } from "../../../src/api/index.ts";
import { type ExposureFacts, listExposures, whoReaches } from "../../../src/netctl/exposure.ts";

const HOST = [
  { link: "eth0", address: "192.0.2.7" },
  { link: "eth0", address: "2001:db8::7" },
];
const NOTHING: ExposureFacts = { containers: [], networks: [], allows: [], acls: [], hostAddresses: HOST };

function container(name: string, networkMode: string, ...ports: string[]): ContainerInfo {
  const endpoint = networkMode === "host" ? undefined : { network: networkMode };
  return { name, state: "running", networkMode, endpoint, ports: ports.map(parsePortMapping) } as ContainerInfo;
}

test.each([
  ["8080:80", "this host only"],
  ["[::1]:8080:80", "this host only"],
  ["127.0.0.9:8080:80", "this host only"],
  ["0.0.0.0:8080:80", "anyone"],
  ["[::]:8080:80", "anyone"],
  ["192.0.2.7:8080:80", "the networks of eth0"],
  ["[2001:db8::7]:8080:80", "the networks of eth0"],
  ["192.0.2.8:8080:80", "nobody: no link has 192.0.2.8 now"],
  ["dev=eth0:8080:80", "who comes in by eth0"],
  ["dev=eth9:8080:80", "nobody: no link eth9 has an address now"],
])("whoReaches %s: %s", (port, who) => expect(whoReaches(parsePortMapping(port), HOST)).toBe(who));

test("listExposures is empty when nothing was opened", () => {
  const networks = [{ name: "default", kind: "bridge" } as NetworkInfo];
  expect(listExposures({ ...NOTHING, networks, containers: [container("web", "default")] })).toEqual([]);
});

test("listExposures tells ports, the host's network, macvlan, allows and rules", () => {
  const found = listExposures({
    ...NOTHING,
    containers: [
      container("web", "lab", "0.0.0.0:8000-8001:80-81/udp"),
      container("agent", "host"),
      { ...container("old", "lab", "0.0.0.0:80:80"), state: "exited" },
    ],
    networks: [{ name: "lan", kind: "macvlan", bridge: "eth0" } as NetworkInfo],
    allows: [{ from: "front", to: "back" }],
    acls: [
      { name: "no", action: "deny", from: "any", to: "container:db" },
      { name: "sql", action: "allow", from: "network:front", to: "container:db", protocol: "tcp", ports: ["5432"] },
    ],
  });
  expect(found).toMatchObject([
    { kind: "port", from: "anyone", at: "0.0.0.0:8000-8001", protocol: "udp", to: "web:80-81", network: "lab" },
    { kind: "host", from: "anyone", container: "agent" },
    { kind: "routed", from: "the neighbours of eth0", to: "network lan" },
    { kind: "allow", from: "network front", to: "network back" },
    { kind: "acl", from: "network front", at: "port 5432", protocol: "tcp", to: "container db" },
  ]);
});
