/**
 * Networks, containers and published ports for tests of the firewall.
 *
 * @module
 */
import { macOfIpv4, parsePortMapping } from "../../src/address/index.ts";
import type { FirewallContainer, FirewallEndpoint, FirewallNetwork, FirewallPort } from "../../src/firewall/index.ts";

/** Network number `n`: bridge `br-NAME`, 172.16.N.0/24 and fd00:0:0:N::/64. */
export function testNetwork(name: string, n: number, change: Partial<FirewallNetwork> = {}): FirewallNetwork {
  const prefix6 = n === 0 ? "fd00:" : `fd00:0:0:${n}`;
  return {
    name,
    id: `000000000${n}`,
    bridge: `br-${name}`,
    subnet: `172.16.${n}.0/24`,
    gateway: `172.16.${n}.1`,
    subnet6: `${prefix6}::/64`.replace(":::", "::"),
    gateway6: `${prefix6}::1`.replace(":::", "::"),
    isInternal: false,
    isIsolated: false,
    nat: "masquerade",
    nat6: "masquerade",
    ...change,
  };
}

/** The place of a container in a network, with the host part `host` of its addresses. */
export function testEndpoint(
  containerId: string,
  { name, subnet = "", subnet6 = "" }: FirewallNetwork,
  host: number,
  change: Partial<FirewallEndpoint> = {},
): FirewallEndpoint {
  const address = subnet.replace("0/24", String(host));
  return {
    containerId,
    name: containerId,
    labels: {},
    network: name,
    hostInterface: `ve-${containerId}`,
    mac: macOfIpv4(address),
    address,
    address6: subnet6.replace("::/64", `::${host.toString(16)}`),
    egress: "all",
    ...change,
  };
}

/** A container with one endpoint, and what it publishes as text. */
export function testContainer(endpoint: FirewallEndpoint, ...ports: string[]): FirewallContainer {
  return { endpoints: [endpoint], ports: ports.map((text) => testPort(endpoint, text)) };
}

/** A port that leads to an endpoint. */
export function testPort({ containerId, network, address, address6 }: FirewallEndpoint, text: string): FirewallPort {
  return { containerId, network, address, address6, mapping: parsePortMapping(text) };
}
