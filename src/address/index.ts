/**
 * Owns addresses as values: IPv4 addresses, subnets, MACs. Pure; never asks Linux anything.
 *
 * @module
 */
export * from "./ipv4.ts";
export * from "./mac.ts";
