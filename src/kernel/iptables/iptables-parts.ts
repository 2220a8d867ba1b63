/**
 * Carries out the steps on several tables of iptables. Reads before it writes, so that doing a thing twice leaves one rule.
 *
 * @module
 */
import { enterNetns, shellCommand, shellHeredoc } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import type { IptablesApply, IptablesPart, IptablesRemove } from "./iptables-step-types.ts";
import { type IptablesPlace, restoreAllIptables, restoreCommand, saveAllIptables } from "./iptables-tool.ts";

type PartsStep = IptablesApply | IptablesRemove;

/** Remembers chains and hooks as found. */
export const iptablesApply: StepDefinition<IptablesApply, IptablesPart[]> = {
  apply: (step) => bring(step, step.parts),
  undo(step, before) {
    bring(step, before);
  },
  toShell: (step) => [
    shellHeredoc(
      shellCommand(...enterNetns(step.netns), ...restoreCommand(step.tool)),
      transition(step, nothingOf(step.parts), step.parts),
    ),
  ],
};

/** Remembers chains and hooks as found. */
export const iptablesRemove: StepDefinition<IptablesRemove, IptablesPart[]> = {
  apply: (step) => bring(step, nothingOf(step.parts)),
  undo(step, before) {
    bring(step, before);
  },
  toShell: (step) => [
    shellHeredoc(
      shellCommand(...enterNetns(step.netns), ...restoreCommand(step.tool)),
      transition(step, step.parts, nothingOf(step.parts)),
    ),
  ],
};

/** Read what is ours of parts. @throws {NetdError} KERNEL_FEATURE_MISSING, IPTABLES_FAILED */
export function readIptablesParts(
  place: IptablesPlace,
  { parts, comment }: Pick<PartsStep, "parts" | "comment">,
): IptablesPart[] {
  const tables = new Map(
    saveAllIptables(place)
      .split(/^(?=\*)/m)
      .map((text) => [/^\*(\S+)/.exec(text)?.[1], text.split("\n")] as const),
  );
  return parts.map(({ table, chains, hooks }) => {
    const lines = tables.get(table) ?? [];
    return {
      table,
      chains: chains
        .filter(({ name }) => lines.some((line) => line.startsWith(`:${name} `)))
        .map(({ name }) => ({ name, rules: rulesOf(lines, name) })),
      hooks: hooks.flatMap((hook) => lines.filter((line) => line === `-A ${hookText(hook, comment)}`).map(() => hook)),
    };
  });
}

function rulesOf(lines: readonly string[], chain: string): string[] {
  const prefix = `-A ${chain} `;
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}

/** Bring the parts to what is wanted; returns what was found. A table that was changed before another refused is put back. */
function bring(step: PartsStep, wanted: readonly IptablesPart[]): IptablesPart[] {
  const found = readIptablesParts(step, step);
  const text = transition(step, found, wanted);
  if (text === "") return found;
  try {
    restoreAllIptables(step, text);
  } catch (error) {
    const reached = readIptablesParts(step, step);
    const back = transition(step, reached, found);
    if (back !== "") restoreAllIptables(step, back);
    throw error;
  }
  return found;
}

/** Text of iptables-restore from one state to another. Declaring a chain of ours empties it when it exists (iptables-restore(8), --noflush). */
function transition(step: PartsStep, found: readonly IptablesPart[], wanted: readonly IptablesPart[]): string {
  return wanted.map((part) => tableLines(step, part, found)).join("");
}

function tableLines({ comment }: PartsStep, wanted: IptablesPart, found: readonly IptablesPart[]): string {
  const { table, chains, hooks } = wanted;
  const had = found.find((part) => part.table === table) ?? { table, chains: [], hooks: [] };
  const gone = had.chains.filter(({ name }) => !chains.some((chain) => chain.name === name));
  const missing = hooks.filter((hook) => !had.hooks.some((other) => isSameHook(hook, other)));
  const surplus = had.hooks.filter(
    (hook, index) =>
      !hooks.some((other) => isSameHook(hook, other)) ||
      had.hooks.findIndex((other) => isSameHook(hook, other)) < index,
  );
  const lines = [
    ...chains.map(({ name }) => `:${name} - [0:0]`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
    ...surplus.map((hook) => `-D ${hookText(hook, comment)}`),
    ...missing.map((hook) => `-I ${hookText(hook, comment)}`),
    ...gone.map(({ name }) => `-F ${name}`),
    ...gone.map(({ name }) => `-X ${name}`),
  ];
  return lines.length === 0 ? "" : [`*${table}`, ...lines, "COMMIT", ""].join("\n");
}

function isSameHook(a: IptablesPart["hooks"][number], b: IptablesPart["hooks"][number]): boolean {
  return a.from === b.from && a.chain === b.chain;
}

function hookText({ from, chain }: IptablesPart["hooks"][number], comment: string): string {
  return `${from} -m comment --comment ${comment} -j ${chain}`;
}

function nothingOf(parts: readonly IptablesPart[]): IptablesPart[] {
  return parts.map(({ table }) => ({ table, chains: [], hooks: [] }));
}
