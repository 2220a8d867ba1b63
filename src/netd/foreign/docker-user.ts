/**
 * Lets traffic of our bridges past docker's FORWARD policy, by way of the chain that docker leaves to the host's owner.
 *
 * An accept in our own table can't do it: a packet lives only if every base chain of its hook accepts it. So one rule in DOCKER-USER, marked as
 * ours, leads to a chain of ours. What comes to our bridges is accepted there, since our own table decides about it. What leaves them is accepted
 * unless it goes to a bridge of docker: about that docker decides. docker keeps DOCKER-USER when it restarts, and fills it never.
 *
 * @module
 */
import type { IptablesSetChain, NetworkStep } from "../../kernel/index.ts";
import type { ForeignTable } from "./foreign-rules.ts";

/** Chain that docker leaves to the host's owner. */
export const DOCKER_USER = "DOCKER-USER";

/** Name of our chain in docker's table. */
export function acceptChain(instance: string): string {
  return `NETD-${instance}`;
}

/** Plan the accept in each of docker's tables; none where it is already there. */
export function planDockerAccept(
  tables: readonly ForeignTable[],
  { instance, bridges }: { instance: string; bridges: readonly string[] },
): IptablesSetChain[] {
  return tables.flatMap((table): IptablesSetChain[] => {
    if (table.tool === "nft" || !table.chains.has(DOCKER_USER)) return [];
    const rules = acceptRules(bridges, dockerBridges(table, bridges));
    if (hasAccept(table, instance, rules)) return [];
    return [{ op: "iptables.setChain", ...placeOf(table.tool, instance), rules }];
  });
}

/** Plan the removal of that chain wherever it is. */
export function planDockerRemoval(tables: readonly ForeignTable[], instance: string): NetworkStep[] {
  return tables.flatMap(({ tool, chains }): NetworkStep[] =>
    tool === "nft" || !chains.has(acceptChain(instance))
      ? []
      : [{ op: "iptables.deleteChain", ...placeOf(tool, instance) }],
  );
}

function placeOf(tool: IptablesSetChain["tool"], instance: string) {
  return { tool, chain: acceptChain(instance), from: DOCKER_USER, comment: `netd:${instance}` };
}

function acceptRules(bridges: readonly string[], theirs: readonly string[]): string[] {
  return [
    ...bridges.map((bridge) => `-o ${bridge} -j ACCEPT`),
    ...theirs.map((bridge) => `-o ${bridge} -j RETURN`),
    ...bridges.map((bridge) => `-i ${bridge} -j ACCEPT`),
  ];
}

/** docker's bridges: those with a name that docker makes up, and those that its rules name. */
function dockerBridges({ chains }: ForeignTable, ours: readonly string[]): string[] {
  const rules = ["FORWARD", "DOCKER-BRIDGE"].flatMap((name) => chains.get(name)?.rules ?? []);
  const named = rules.flatMap(({ text }) => / -o (\S+) -j DOCKER$/.exec(text)?.[1] ?? []);
  const isOther = (name: string) => !/^(docker|br-)/.test(name) && !ours.includes(name);
  return ["docker+", "br-+", ...new Set(named.filter(isOther))];
}

function hasAccept({ chains }: ForeignTable, instance: string, rules: readonly string[]): boolean {
  const chain = acceptChain(instance);
  const found = chains.get(chain)?.rules.map(({ text }) => text) ?? [];
  const wanted = rules.map((rule) => `-A ${chain} ${rule}`);
  const [first] = chains.get(DOCKER_USER)?.rules ?? [];
  const isLed = first?.action.kind === "jump" && first.action.chain === chain;
  return isLed && found.length === wanted.length && found.every((text, at) => text === wanted[at]);
}
