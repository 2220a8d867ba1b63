/**
 * Steps in tables of iptables, which we share with others: chains of ours, and the rules that lead to them.
 *
 * @module
 */
import type { IptablesTool } from "./iptables-tool.ts";

/** Make a chain of the table `filter`, or give it other rules, and enter it first from a chain that exists. */
export interface IptablesSetChain {
  op: "iptables.setChain";
  netns?: string | undefined;
  tool: IptablesTool;
  chain: string;
  /** What stands after `-A CHAIN`, as iptables-save(8) prints it. */
  rules: readonly string[];
  /** Chain of somebody else whose first rule jumps here. */
  from: string;
  /** Marks that rule as ours. */
  comment: string;
}

/** Remove such a chain and the rule that leads to it; nothing when there is none. */
export interface IptablesDeleteChain {
  op: "iptables.deleteChain";
  netns?: string | undefined;
  tool: IptablesTool;
  chain: string;
  from: string;
  comment: string;
}

/** What is ours in one table. */
export interface IptablesPart {
  table: "raw" | "mangle" | "nat" | "filter";
  /** Chains of ours, with what stands after `-A CHAIN`. */
  chains: readonly { name: string; rules: readonly string[] }[];
  /** Chains of others whose first rule enters one of ours. */
  hooks: readonly { from: string; chain: string }[];
}

/** Give chains of ours their rules and enter them; what others have in these tables stays. All of a table changes at once. */
export interface IptablesApply {
  op: "iptables.apply";
  netns?: string | undefined;
  tool: IptablesTool;
  parts: readonly IptablesPart[];
  /** Marks the rules that enter them as ours. */
  comment: string;
}

/** Remove chains of ours and what enters them; nothing where there are none. */
export interface IptablesRemove {
  op: "iptables.remove";
  netns?: string | undefined;
  tool: IptablesTool;
  /** Rules are of no interest. */
  parts: readonly IptablesPart[];
  comment: string;
}
