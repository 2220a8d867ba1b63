/**
 * Says what rules of others do with a packet, by walking them as the kernel does.
 *
 * @module
 */
import type { ForeignChain, ForeignRule, ForeignTable, ProbePacket } from "./foreign-rules.ts";

/** What became of a packet. */
export interface ChainVerdict {
  verdict: "accept" | "drop";
  /** Chain whose rule or policy decided. */
  chain: string;
  /** That rule, as its owner's program prints it; absent when the policy decided. */
  rule?: string | undefined;
  /** A rule on the way depends on what we don't look at; it was passed over. */
  isGuess: boolean;
}

/** Deepest that chains call each other: the kernel refuses more than 16 jumps. */
const DEPTH_MAX = 16;

/** Walk a chain that starts at a hook. */
export function walkBaseChain(table: ForeignTable, base: ForeignChain, packet: ProbePacket): ChainVerdict {
  const walk = { table, packet, isGuess: false };
  const found = walkChain(walk, base, 0);
  if (found !== undefined && found !== "return") return { ...found, isGuess: walk.isGuess };
  return { verdict: base.policy ?? "accept", chain: base.name, isGuess: walk.isGuess };
}

interface Walk {
  readonly table: ForeignTable;
  readonly packet: ProbePacket;
  isGuess: boolean;
}

type Decision = Omit<ChainVerdict, "isGuess">;

/** Walk a chain; "return" when it gives the packet back, whatever made it do so. */
function walkChain(walk: Walk, chain: ForeignChain, depth: number): Decision | "return" {
  for (const rule of chain.rules) {
    const { action } = rule;
    const target = "chain" in action ? walk.table.chains.get(action.chain) : undefined;
    // What jumps to no chain is a target that only notes or marks.
    if (action.kind === "none" || ("chain" in action && target === undefined)) continue;
    if (!isMatch(walk, rule)) continue;
    if (action.kind === "return") return "return";
    if (!("chain" in action)) return { verdict: action.kind, chain: chain.name, rule: rule.text };
    if (target === undefined || depth >= DEPTH_MAX) continue;
    const found = walkChain(walk, target, depth + 1);
    if (found !== "return" || action.kind === "goto") return found;
  }
  return "return";
}

function isMatch(walk: Walk, rule: ForeignRule): boolean {
  let isUnknown = false;
  for (const match of rule.matches) {
    const result = match(walk.packet);
    if (result === false) return false;
    if (result === undefined) isUnknown = true;
  }
  if (isUnknown) walk.isGuess = true;
  return !isUnknown;
}
