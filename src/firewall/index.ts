/**
 * Owns the firewall as a value: from networks, endpoints, published ports and policies to tables of nftables, and from one state of them to
 * the next. Pure; never asks Linux anything.
 *
 * @module
 */
export * from "./build-firewall.ts";
export * from "./difference.ts";
export { linkLocalAddress } from "./endpoint-elements.ts";
export * from "./iptables/build-iptables.ts";
export * from "./iptables/iptables-tables.ts";
export * from "./model.ts";
export * from "./nft-tables.ts";
export * from "./nft-text.ts";
