/**
 * Routes: what `ip route` lists and changes, table `main` unless said otherwise (linux/rtnetlink.h).
 *
 * @module
 */
import { FlagsNew } from "netlink/dist/constants.js";
import {
  formatRouteMessage,
  MessageType,
  parseRouteMessage,
  type RouteMessage,
  RouteProtocol,
  RouteScope,
  RouteType,
  RoutingTableClass,
} from "netlink/dist/rt/structs.js";
import { AF_INET, AF_INET6, type Family, formatIp, parseIp, parseIpPrefix } from "./ip-address.ts";
import { linkNames } from "./link-names.ts";
import { getLink } from "./links.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** A route as the kernel reports it. */
export interface RouteInfo {
  family: "inet" | "inet6";
  /** `default` or `ADDRESS/LENGTH`. */
  to: string;
  /** Address of the next router. */
  via?: string;
  /** Name of the link; absent for routes that lead nowhere (blackhole) or to several next hops. */
  dev?: string;
  /** `unicast`, `local`, `broadcast`, `blackhole` …: RTN_* in lower case. */
  type: string;
  /** Who made it: RTPROT_* in lower case, or its number. */
  protocol: string;
  /** Smaller wins. */
  metric: number;
  /** 254 is `main`, 255 `local`. */
  table: number;
}

/** Which routes {@link listRoutes} returns. */
export interface ListRoutesFilter {
  family?: "inet" | "inet6";
  /** Number of the routing table; default 254, `main`. */
  table?: number;
  /** Name of a link. */
  dev?: string;
}

/** A route to add or delete. */
export interface RouteSpec {
  /** `default` or `ADDRESS/LENGTH`. */
  to: string;
  via?: string | undefined;
  /** Name of the link. */
  dev?: string | undefined;
  /** Index of that link, where it is known already. */
  index?: number | undefined;
  /** Smaller wins. Absent when adding: 0 for IPv4, 1024 for IPv6; when deleting: any. */
  metric?: number | undefined;
}

/** Metric of an IPv6 route that was added without one (linux/ipv6_route.h, IP6_RT_PRIO_USER). */
const IP6_RT_PRIO_USER = 1024;
const RT_TABLE_MAIN = RoutingTableClass.MAIN;

/** List routes of the socket's namespace. */
export function listRoutes(socket: RtnetlinkSocket, filter: ListRoutesFilter = {}): RouteInfo[] {
  const nameOf = linkNames(socket);
  const table = filter.table ?? RT_TABLE_MAIN;
  const messages = socket.dump({
    type: MessageType.GETROUTE,
    body: (out) => formatRouteMessage({ kind: "route", data: {}, attrs: {} }, out),
    call: () => "list routes (RTM_GETROUTE)",
  });
  const found: RouteInfo[] = [];
  for (const message of messages) {
    const route = parseRoute(message, nameOf);
    if (route.table !== table) continue;
    if (filter.family !== undefined && route.family !== filter.family) continue;
    if (filter.dev !== undefined && route.dev !== filter.dev) continue;
    found.push(route);
  }
  return found;
}

/** Add a route as `ip route add` does. @throws {KernelError} EEXIST when there is one, ENETUNREACH when `via` can't be reached */
export function addRoute(socket: RtnetlinkSocket, route: RouteSpec): void {
  const message = routeMessage(socket, route);
  socket.change({
    type: MessageType.NEWROUTE,
    flags: FlagsNew.CREATE | FlagsNew.EXCL,
    body: (out) => formatRouteMessage(message, out),
    call: () => `add route ${describeSpec(route)} (RTM_NEWROUTE)`,
  });
}

/** Add a route as `ip route replace` does: in the place of the one with the same destination and metric, if any, without a gap. */
export function replaceRoute(socket: RtnetlinkSocket, route: RouteSpec): void {
  const message = routeMessage(socket, route);
  socket.change({
    type: MessageType.NEWROUTE,
    flags: FlagsNew.CREATE | FlagsNew.REPLACE,
    body: (out) => formatRouteMessage(message, out),
    call: () => `replace route ${describeSpec(route)} (RTM_NEWROUTE)`,
  });
}

/** Find the route that {@link replaceRoute} would take the place of: same destination, same metric. */
export function findRoute(socket: RtnetlinkSocket, { to, via, metric }: RouteSpec): RouteInfo | undefined {
  const family = familyOf(to, via) === AF_INET ? "inet" : "inet6";
  const wanted = metric ?? (family === "inet" ? 0 : IP6_RT_PRIO_USER);
  const destination = to === "default" || to.endsWith("/0") ? "default" : formatPrefix(to);
  return listRoutes(socket, { family }).find((route) => route.to === destination && route.metric === wanted);
}

/** Delete a route. @throws {KernelError} ESRCH when there is none, ENODEV when its link is gone */
export function deleteRoute(socket: RtnetlinkSocket, route: RouteSpec): void {
  const message = routeMessage(socket, route);
  // Any scope, any maker: as `ip route delete` asks.
  message.data.scope = RouteScope.NOWHERE;
  delete message.data.protocol;
  socket.change({
    type: MessageType.DELROUTE,
    body: (out) => formatRouteMessage(message, out),
    call: () => `delete route ${describeSpec(route)} (RTM_DELROUTE)`,
  });
}

function routeMessage(socket: RtnetlinkSocket, { to, via, dev, index, metric }: RouteSpec): RouteMessage {
  const oif = index ?? (dev === undefined ? undefined : getLink(socket, dev).index);
  const gateway = via === undefined ? undefined : parseIp(via);
  const prefix = to === "default" ? undefined : parseIpPrefix(to);
  const family = familyOf(to, via);
  return {
    kind: "route",
    data: {
      family,
      dstLen: prefix?.length ?? 0,
      table: RT_TABLE_MAIN,
      protocol: RouteProtocol.BOOT,
      scope: gateway === undefined && family !== AF_INET6 ? RouteScope.LINK : RouteScope.UNIVERSE,
      type: RouteType.UNICAST,
    },
    attrs: {
      ...(prefix === undefined ? {} : { dst: prefix.bytes }),
      ...(gateway === undefined ? {} : { gateway: gateway.bytes }),
      ...(oif === undefined ? {} : { oif }),
      ...(metric === undefined ? {} : { priority: metric }),
    },
  };
}

/** The next router tells the family of a default route, which is IPv4 without one. */
function familyOf(to: string, via: string | undefined): Family {
  if (to !== "default") return parseIpPrefix(to).family;
  return via === undefined ? AF_INET : parseIp(via).family;
}

function formatPrefix(to: string): string {
  const { bytes, length } = parseIpPrefix(to);
  return `${formatIp(bytes)}/${length}`;
}

/** Parse a route message; `nameOf` tells the name of a link by its index. */
export function parseRoute(message: Buffer, nameOf: (index: number) => string | undefined): RouteInfo {
  const { data, attrs } = parseRouteMessage(message);
  const family = data.family === AF_INET ? "inet" : "inet6";
  const dev = attrs.oif === undefined ? undefined : nameOf(attrs.oif);
  return {
    family,
    to: data.dstLen === 0 || attrs.dst === undefined ? "default" : `${formatIp(attrs.dst)}/${data.dstLen}`,
    ...(attrs.gateway === undefined ? {} : { via: formatIp(attrs.gateway) }),
    ...(dev === undefined ? {} : { dev }),
    type: String(data.type).toLowerCase(),
    protocol: String(data.protocol).toLowerCase(),
    metric: attrs.priority ?? 0,
    table: attrs.table ?? data.table ?? 0,
  };
}

function describeSpec({ to, via, dev, metric }: RouteSpec): string {
  const words = { via, dev, metric };
  return [to, ...Object.entries(words).flatMap(([word, value]) => (value === undefined ? [] : [word, value]))].join(
    " ",
  );
}
