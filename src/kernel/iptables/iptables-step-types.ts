/**
 * Steps in tables of iptables that belong to somebody else: one chain of ours, and the one rule that leads to it.
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
