/**
 * Finds routes of others that share addresses with our networks: a VPN that came up after them. Pure.
 *
 * @module
 */
import { isRangeOverlapping, parseIpSubnet } from "../../address/index.ts";
import type { RouteInfo } from "../../kernel/index.ts";
import type { NetworkRow } from "../network/network-row.ts";
import type { Drift } from "./drift.ts";

/**
 * Find the routes that take addresses of networks elsewhere. The longest prefix wins, so that a wider route takes only what is not ours.
 */
export function findCollisions(networks: Iterable<NetworkRow>, routes: readonly RouteInfo[]): Drift[] {
  return [...networks].flatMap((network) =>
    [network.subnet, network.subnet6].flatMap((cidr) =>
      cidr === undefined
        ? []
        : routes.filter((route) => isTaking(route, network, cidr)).map((route) => drift(network, cidr, route)),
    ),
  );
}

function isTaking({ to, dev, type }: RouteInfo, { bridge }: NetworkRow, cidr: string): boolean {
  if (to === "default" || dev === bridge || type !== "unicast") return false;
  const subnet = parseIpSubnet(cidr);
  const other = parseIpSubnet(to);
  return isRangeOverlapping(subnet, other) && other.prefixLength >= subnet.prefixLength;
}

function drift({ name }: NetworkRow, cidr: string, { to, via, dev }: RouteInfo): Drift {
  const way = `${via === undefined ? "" : ` via ${via}`}${dev === undefined ? "" : ` dev ${dev}`}`;
  return {
    kind: "foreign",
    object: `route ${to}${way}`,
    network: name,
    text: `it takes addresses of ${cidr} elsewhere`,
    steps: [],
  };
}
