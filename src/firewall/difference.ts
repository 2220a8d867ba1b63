/**
 * From one state of the firewall to the next, as one transaction and as the one that takes it back.
 *
 * @module
 */
import { elementId, FIREWALL_TABLE, type NftElement, type NftTable } from "./nft-tables.ts";
import { elementCommands, setKind } from "./nft-text.ts";

/** Commands of nft(8) that belong in one transaction. */
export interface FirewallChange {
  commands: string[];
  /** What takes them back. */
  undo: string[];
}

/** Two states of chains and sets, and the elements that may differ between them. */
export interface FirewallStates {
  tables?: { before: readonly NftTable[]; after: readonly NftTable[] };
  before: readonly NftElement[];
  after: readonly NftElement[];
}

/** What leads from one state to the next; no commands when they are equal. */
export function planDifference({ tables, before, after }: FirewallStates): FirewallChange {
  return {
    commands: commandsBetween(tables?.before ?? [], tables?.after ?? [], before, after),
    undo: commandsBetween(tables?.after ?? [], tables?.before ?? [], after, before),
  };
}

/** Sets come before what refers to them, and go after it. */
function commandsBetween(
  tablesBefore: readonly NftTable[],
  tablesAfter: readonly NftTable[],
  before: readonly NftElement[],
  after: readonly NftElement[],
): string[] {
  const had = new Map(before.map((element) => [elementId(element), element]));
  const has = new Map(after.map((element) => [elementId(element), element]));
  const isKept = (element: NftElement, others: Map<string, NftElement>): boolean => {
    const other = others.get(elementId(element));
    return other !== undefined && other.data === element.data;
  };
  const gone = [...had.values()].filter((element) => !isKept(element, has));
  const come = [...has.values()].filter((element) => !isKept(element, had));
  const chains = changedChains(tablesBefore, tablesAfter);
  return [
    ...newSets(tablesBefore, tablesAfter).map(
      ({ family, set }) =>
        `add ${setKind(set)} ${family} ${FIREWALL_TABLE} ${set.name} { ${set.lines.map((line) => `${line};`).join(" ")} }`,
    ),
    ...chains.map(({ family, name }) => `flush chain ${family} ${FIREWALL_TABLE} ${name}`),
    ...elementCommands("delete", gone),
    ...elementCommands("add", come),
    ...chains.flatMap(({ family, name, rules }) =>
      rules.map((rule) => `add rule ${family} ${FIREWALL_TABLE} ${name} ${rule}`),
    ),
    ...newSets(tablesAfter, tablesBefore).map(
      ({ family, set }) => `delete ${setKind(set)} ${family} ${FIREWALL_TABLE} ${set.name}`,
    ),
  ];
}

/** Sets of the second tables that the first lack. */
function newSets(first: readonly NftTable[], second: readonly NftTable[]) {
  return second.flatMap(({ family, sets }) => {
    const known = new Set(first.find((table) => table.family === family)?.sets.map(({ name }) => name));
    return sets.filter(({ name }) => !known.has(name)).map((set) => ({ family, set }));
  });
}

/** Chains whose rules differ, with those they get. All states have the same chains. */
function changedChains(before: readonly NftTable[], after: readonly NftTable[]) {
  return after.flatMap(({ family, chains }) => {
    const known = before.find((table) => table.family === family)?.chains ?? [];
    return chains
      .filter(({ name, rules }) => known.find((chain) => chain.name === name)?.rules.join("\n") !== rules.join("\n"))
      .map(({ name, rules }) => ({ family, name, rules }));
  });
}
