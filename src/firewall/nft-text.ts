/**
 * Tables and elements in the text of nft(8).
 *
 * @module
 */
import { FIREWALL_TABLE, type FirewallTables, type NftElement, type NftSet, type NftTable } from "./nft-tables.ts";

/** Elements in one command: longer lines are no quicker, and unreadable. */
const ELEMENTS_IN_LINE = 1000;

/** The commands that put both tables in the place of what is there, in one transaction. */
export function replaceCommands({ tables, elements }: FirewallTables): string[] {
  return [
    ...tables.flatMap(({ family }) => [
      `add table ${family} ${FIREWALL_TABLE}`,
      `delete table ${family} ${FIREWALL_TABLE}`,
    ]),
    ...tables.map(tableText),
    ...elementCommands("add", [...elements.values()].flat()),
  ];
}

/** A table as `nft list table` would print it, but for the elements of its sets. */
export function tableText({ family, sets, chains }: NftTable): string {
  const lines = [
    `table ${family} ${FIREWALL_TABLE} {`,
    ...sets.flatMap((set) => [`\t${setKind(set)} ${set.name} {`, ...set.lines.map((line) => `\t\t${line}`), "\t}"]),
    ...chains.flatMap(({ name, hook, rules }) => [
      `\tchain ${name} {`,
      ...(hook === undefined ? [] : [`\t\t${hook}`]),
      ...rules.map((rule) => `\t\t${rule}`),
      "\t}",
    ]),
    "}",
  ];
  return lines.join("\n");
}

/** `set` or `map`. */
export function setKind({ isMap }: Pick<NftSet, "isMap">): "set" | "map" {
  return isMap === true ? "map" : "set";
}

/** The commands that add or delete elements, those of one set together. */
export function elementCommands(verb: "add" | "delete", elements: readonly NftElement[]): string[] {
  const bySet = new Map<string, string[]>();
  for (const { family, set, key, data } of elements) {
    const name = `${family} ${FIREWALL_TABLE} ${set}`;
    const text = data === undefined || verb === "delete" ? key : `${key} : ${data}`;
    const known = bySet.get(name);
    if (known === undefined) bySet.set(name, [text]);
    else known.push(text);
  }
  return [...bySet].flatMap(([name, texts]) => {
    const commands: string[] = [];
    for (let at = 0; at < texts.length; at += ELEMENTS_IN_LINE) {
      commands.push(`${verb} element ${name} { ${texts.slice(at, at + ELEMENTS_IN_LINE).join(", ")} }`);
    }
    return commands;
  });
}
