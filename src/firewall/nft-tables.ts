/**
 * Tables of nftables as values: chains and sets without their elements, and elements by themselves.
 *
 * @module
 */

/** The two tables of netd: packets, and frames between ports of a bridge, which only its own family sees. */
export type FirewallFamily = "inet" | "bridge";

/** The families, in the order in which tables are written. */
export const FIREWALL_FAMILIES: readonly FirewallFamily[] = ["inet", "bridge"];

/** Name of both tables. */
export const FIREWALL_TABLE = "netd";

/** A named set, or a map when its elements have data. */
export interface NftSet {
  name: string;
  /** `type …` or `typeof …`, and what else stands between the braces but the elements. */
  lines: readonly string[];
  isMap?: boolean;
  /** Rules add elements to it: they are the kernel's own business. */
  isDynamic?: boolean;
}

/** A chain. */
export interface NftChain {
  name: string;
  /** Of a base chain: `type filter hook forward priority filter; policy accept;`. */
  hook?: string;
  rules: readonly string[];
}

/** A table without the elements of its sets. */
export interface NftTable {
  family: FirewallFamily;
  sets: readonly NftSet[];
  chains: readonly NftChain[];
}

/** An element of a set, or of a map. */
export interface NftElement {
  family: FirewallFamily;
  set: string;
  /** In nft's text: `"br0" . 10.0.0.2`. */
  key: string;
  data?: string;
}

/** Both tables, and the elements of their sets by owner: the id of a container, or "" for what concerns all. */
export interface FirewallTables {
  tables: readonly NftTable[];
  elements: ReadonlyMap<string, readonly NftElement[]>;
}

/** What makes two elements the same one. */
export function elementId({ family, set, key }: NftElement): string {
  return `${family} ${set} ${key}`;
}
