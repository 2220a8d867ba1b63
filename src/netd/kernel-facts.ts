/**
 * What the kernel reports, as far as the daemon's planning needs it. Only asks.
 *
 * @module
 */
import { ipSubnet, parseIpAddress, parseIpv4 } from "../address/index.ts";
import { subnetOf, type TakenSubnet } from "../ipam/index.ts";
import {
  findLink as findLinkBySocket,
  type LinkInfo,
  listAddresses,
  listLinks,
  listRoutes,
  type RouteInfo,
  RtnetlinkSocket,
} from "../kernel/index.ts";
import type { HostFacts } from "./network/host-facts.ts";
import type { BridgeFacts } from "./network/network-plan.ts";

/** MTU when no default route tells one. */
const DEFAULT_MTU = 1500;

/** Ask for one link by name. */
export function findLink(name: string): LinkInfo | undefined {
  using socket = RtnetlinkSocket.open();
  return findLinkBySocket(socket, name);
}

/** Ask for all links. */
export function listAllLinks(): LinkInfo[] {
  using socket = RtnetlinkSocket.open();
  return listLinks(socket);
}

/** Ask for what is where a bridge belongs. */
export function readBridgeFacts(bridge: string): BridgeFacts {
  using socket = RtnetlinkSocket.open();
  const link = findLinkBySocket(socket, bridge);
  return { link, addresses: link === undefined ? [] : listAddresses(socket, { link: bridge }) };
}

/** Ask for the IPv4 subnets that routes lead to, those of `exceptLink` left out. */
export function listTakenSubnets(exceptLink: string): TakenSubnet[] {
  using socket = RtnetlinkSocket.open();
  return listRoutes(socket, { family: "inet" })
    .filter(({ to, dev }) => to !== "default" && dev !== exceptLink)
    .map((route) => {
      const [address = "", length = "32"] = route.to.split("/");
      return { subnet: subnetOf(parseIpv4(address), Number(length)), by: describeRoute(route) };
    });
}

/** Ask for all that a new network must not stand in the way of. */
export function readHostFacts(): HostFacts {
  using socket = RtnetlinkSocket.open();
  return {
    links: listLinks(socket),
    addresses: listAddresses(socket).map(({ link, address }) => ({ link, address })),
    routes: listRoutes(socket)
      .filter(({ to }) => to !== "default")
      .map((route) => {
        const [address = "", length] = route.to.split("/");
        const subnet = ipSubnet(parseIpAddress(address), Number(length));
        return { subnet, by: describeRoute(route), ...(route.dev === undefined ? {} : { link: route.dev }) };
      }),
  };
}

/** Ask for the largest packet that leaves by the default route; 1500 without one. */
export function readUplinkMtu(): number {
  return findUplink()?.mtu ?? DEFAULT_MTU;
}

/** Ask for the link of the default route, of IPv6 where there is none of IPv4; undefined without one. */
export function findUplink(): LinkInfo | undefined {
  using socket = RtnetlinkSocket.open();
  const [uplink] = listRoutes(socket)
    .filter(({ to, dev }) => to === "default" && dev !== undefined)
    .sort((a, b) => a.family.localeCompare(b.family) || a.metric - b.metric);
  return uplink?.dev === undefined ? undefined : findLinkBySocket(socket, uplink.dev);
}

function describeRoute({ to, via, dev }: RouteInfo): string {
  return `route ${to}${via === undefined ? "" : ` via ${via}`}${dev === undefined ? "" : ` dev ${dev}`}`;
}
