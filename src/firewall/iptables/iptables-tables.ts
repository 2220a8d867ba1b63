/**
 * Chains of iptables as values.
 *
 * @module
 */

/** Word of the comment that marks the rules which lead to our chains. */
export const IPTABLES_COMMENT = "netd";

/** A chain of ours. */
export interface IptablesChain {
  name: string;
  /** What stands after `-A CHAIN`. */
  rules: readonly string[];
}

/** What is ours in one table of iptables. */
export interface IptablesTable {
  table: "raw" | "mangle" | "nat" | "filter";
  chains: readonly IptablesChain[];
  /** Built-in chains whose first rule enters one of ours. */
  hooks: readonly { from: string; chain: string }[];
}

/** The names alone: always the same, so that they are found after any crash. */
export const IPTABLES_CHAINS: readonly IptablesTable[] = [
  { table: "raw", chains: names("NETD-RAW"), hooks: [{ from: "PREROUTING", chain: "NETD-RAW" }] },
  { table: "mangle", chains: names("NETD-MSS"), hooks: [{ from: "FORWARD", chain: "NETD-MSS" }] },
  {
    table: "nat",
    chains: names("NETD-PREROUTING", "NETD-OUTPUT", "NETD-PUBLISH", "NETD-POSTROUTING"),
    hooks: ["PREROUTING", "OUTPUT", "POSTROUTING"].map((from) => ({ from, chain: `NETD-${from}` })),
  },
  {
    table: "filter",
    chains: names("NETD-FORWARD", "NETD-BRIDGES", "NETD-INPUT", "NETD-HOST", "NETD-GATEWAY"),
    hooks: ["FORWARD", "INPUT"].map((from) => ({ from, chain: `NETD-${from}` })),
  },
];

function names(...all: string[]): IptablesChain[] {
  return all.map((name) => ({ name, rules: [] }));
}
