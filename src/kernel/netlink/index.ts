/**
 * Owns rtnetlink: links, addresses, routes and neighbours, asked and changed synchronously over one socket for each namespace.
 * Never decides what to change, and never runs a command.
 *
 * @module
 */
export * from "./addresses.ts";
export * from "./bridge-ports.ts";
export { broadcastOf, formatIp, formatMac, parseIp, parseIpPrefix } from "./ip-address.ts";
export * from "./link-kinds.ts";
export { linkNames } from "./link-names.ts";
export * from "./links.ts";
export * from "./listening.ts";
export * from "./multicast-socket.ts";
export * from "./neighbour-tables.ts";
export * from "./neighbours.ts";
export { type NetlinkRequest, NetlinkSocket, openNetlink } from "./netlink-socket.ts";
export * from "./routes.ts";
export { RtnetlinkSocket } from "./rtnetlink-socket.ts";
