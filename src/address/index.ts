/**
 * Owns addresses as values: IPv4 and IPv6 addresses, subnets, ranges, MACs, and the text of published ports. Pure; never asks Linux anything.
 *
 * @module
 */
export * from "./ip-address.ts";
export * from "./ip-range.ts";
export * from "./ip-subnet.ts";
export * from "./ipv4.ts";
export * from "./ipv6.ts";
export * from "./mac.ts";
export * from "./port-mapping.ts";
export * from "./ula.ts";
