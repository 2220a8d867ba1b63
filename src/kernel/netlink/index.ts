/**
 * Owns rtnetlink: links, addresses, routes and neighbours, asked and changed synchronously over one socket for each namespace.
 * Never decides what to change, and never runs a command.
 *
 * @module
 */
export * from "./addresses.ts";
export { broadcastOf, formatIp, parseIp, parseIpPrefix } from "./ip-address.ts";
export * from "./links.ts";
export { loseSilently } from "./lose-silently.ts";
export * from "./neighbours.ts";
export * from "./routes.ts";
export { RtnetlinkSocket } from "./rtnetlink-socket.ts";
