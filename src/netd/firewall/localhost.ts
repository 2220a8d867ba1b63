/**
 * Ports that are published on the loopback address of the host: what connects to 127.0.0.1 leaves by a bridge, which the kernel only allows
 * where `route_localnet` is set. What comes in by the bridge for 127.0.0.0/8 is dropped before anything else looks at it, always.
 *
 * @module
 */
import type { FirewallContainer, FirewallPolicy } from "../../firewall/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";

/** The bridges behind which a container has a port that 127.0.0.1 of the host leads to. */
export function localhostBridges({ ports }: FirewallContainer, { networks }: FirewallPolicy): string[] {
  const names = ports
    .filter(({ mapping: { hostAddress, hostInterface } }) => hostInterface === undefined && isLocalhost(hostAddress))
    .map(({ network }) => network);
  return networks.filter(({ name }) => names.includes(name)).map(({ bridge }) => bridge);
}

function isLocalhost(address: string): boolean {
  return address === "0.0.0.0" || address.startsWith("127.");
}

/** Let connections from 127.0.0.1 leave by a bridge, or not any longer. */
export function planRouteLocalnet(bridge: string, isOn: boolean): NetworkStep {
  return { op: "sysctl.set", key: `net/ipv4/conf/${bridge}/route_localnet`, value: isOn ? "1" : "0", ifPresent: true };
}
