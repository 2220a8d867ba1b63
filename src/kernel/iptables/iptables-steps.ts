/**
 * Carries out the steps of iptables. Reads before it writes, so that doing a thing twice leaves one rule.
 *
 * @module
 */
import { enterNetns, shellCommand, shellHeredoc } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import type { IptablesDeleteChain, IptablesSetChain } from "./iptables-step-types.ts";
import { restoreCommand, restoreIptables, restoreText, saveIptables } from "./iptables-tool.ts";

/** A chain of ours, and whether the rule that leads to it is there. */
interface ChainState {
  /** Null when there is no such chain. */
  rules: readonly string[] | null;
  hasJump: boolean;
}

const NOTHING: ChainState = { rules: null, hasJump: false };

/** Remembers chain and jump as found. */
export const iptablesSetChain: StepDefinition<IptablesSetChain, ChainState> = {
  apply: (step) => bring(step, { rules: step.rules, hasJump: true }),
  undo(step, before) {
    bring(step, before);
  },
  toShell: (step) => [
    shellHeredoc(
      shellCommand(...enterNetns(step.netns), ...restoreCommand(step.tool)),
      restoreText(transition(step, NOTHING, { rules: step.rules, hasJump: true })),
    ),
  ],
};

/** Remembers chain and jump as found. */
export const iptablesDeleteChain: StepDefinition<IptablesDeleteChain, ChainState> = {
  apply: (step) => bring(step, NOTHING),
  undo(step, before) {
    bring(step, before);
  },
  toShell: ({ netns, tool, chain, ...step }) => {
    const iptables = [...enterNetns(netns), tool];
    return [
      `${shellCommand(...iptables)} -D ${jump({ ...step, chain })}`,
      shellCommand(...iptables, "-F", chain),
      shellCommand(...iptables, "-X", chain),
    ];
  },
};

type ChainStep = IptablesSetChain | IptablesDeleteChain;

/** Bring chain and jump to what is wanted; returns what was found. */
function bring(step: ChainStep, wanted: ChainState): ChainState {
  const found = readChain(step);
  const lines = transition(step, found, wanted);
  if (lines.length > 0) restoreIptables(step, lines);
  return found;
}

function readChain(step: ChainStep): ChainState {
  const lines = saveIptables(step).split("\n");
  const isThere = lines.some((line) => line.startsWith(`:${step.chain} `));
  const prefix = `-A ${step.chain} `;
  return {
    rules: isThere ? lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length)) : null,
    hasJump: lines.includes(`-A ${jump(step)}`),
  };
}

/** The rule that leads to the chain, as iptables-save prints it: a comment with a colon has quotes. */
function jump({ chain, from, comment }: Pick<ChainStep, "chain" | "from" | "comment">): string {
  return `${from} -m comment --comment "${comment}" -j ${chain}`;
}

/** Lines of iptables-restore from one state to another. Declaring a chain of ours empties it when it exists (iptables-restore(8), --noflush). */
function transition(step: ChainStep, found: ChainState, wanted: ChainState): string[] {
  const { chain } = step;
  const unlink = found.hasJump && !wanted.hasJump ? [`-D ${jump(step)}`] : [];
  const link = !found.hasJump && wanted.hasJump ? [`-I ${jump(step)}`] : [];
  if (wanted.rules === null) return found.rules === null ? [] : [...unlink, `-F ${chain}`, `-X ${chain}`];
  return [`:${chain} - [0:0]`, ...wanted.rules.map((rule) => `-A ${chain} ${rule}`), ...unlink, ...link];
}
