/**
 * The rules of others in one form, whoever wrote them: enough of it to say what becomes of a packet of ours.
 *
 * @module
 */
import type { IptablesTool } from "../../kernel/index.ts";

/** A packet as a rule sees it. */
export interface ProbePacket {
  hook: "forward" | "input";
  family: 4 | 6;
  /** Link it came in by. */
  from: string;
  /** Link it leaves by; absent at the hook input. */
  to?: string | undefined;
  state: "new" | "established";
  /** Its destination was translated. */
  isDnat: boolean;
  protocol: "tcp" | "udp";
  port: number;
  source: string;
  destination: string;
}

/** Whether a packet matches; undefined when that depends on what we can't know. */
export type RuleMatch = (packet: ProbePacket) => boolean | undefined;

/** What a rule does with a packet that matches. */
export type RuleAction = { kind: "accept" | "drop" | "return" | "none" } | { kind: "jump" | "goto"; chain: string };

/** One rule. */
export interface ForeignRule {
  matches: readonly RuleMatch[];
  action: RuleAction;
  /** As its owner's program prints it. */
  text: string;
}

/** A chain; one that starts at a hook has `hook` and `policy`. */
export interface ForeignChain {
  name: string;
  hook?: string | undefined;
  policy?: "accept" | "drop" | undefined;
  rules: readonly ForeignRule[];
}

/** A table of somebody else that filters packets. */
export interface ForeignTable {
  /** The program that prints it; `nft` for a table that only nft(8) can read. */
  tool: IptablesTool | "nft";
  family: "ip" | "ip6" | "inet";
  name: string;
  chains: ReadonlyMap<string, ForeignChain>;
}

/** Match the name of a link; a trailing wildcard of iptables (`+`) or nft (`*`) stands for anything. */
export function matchLink(end: "from" | "to", pattern: string, wildcard: "+" | "*"): RuleMatch {
  const isPrefix = pattern.endsWith(wildcard);
  const text = isPrefix ? pattern.slice(0, -1) : pattern;
  return (packet) => {
    const name = packet[end];
    if (name === undefined) return false;
    return isPrefix ? name.startsWith(text) : name === text;
  };
}

/** Turn a match round; what can't be known stays so. */
export function negate(match: RuleMatch): RuleMatch {
  return (packet) => {
    const result = match(packet);
    return result === undefined ? undefined : !result;
  };
}

/** A match that depends on what we don't look at. */
export function unknownMatch(): undefined {
  return undefined;
}
