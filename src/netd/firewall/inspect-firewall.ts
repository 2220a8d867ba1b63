/**
 * What the kernel has of the firewall, compared with what it should have.
 *
 * How the kernel prints a rule is its own business: the rules are compared with those that it prints for our tables in an empty namespace.
 *
 * @module
 */
import {
  FIREWALL_TABLE,
  type FirewallFamily,
  type FirewallTables,
  type NftElement,
  type NftTable,
  tableText,
} from "../../firewall/index.ts";
import { type IptablesTool, inNewNetns, Nftables } from "../../kernel/index.ts";

/** What the kernel has differently. All empty: it has what it should. */
export interface FirewallDrift {
  /** Tables that are not there. */
  gone: FirewallFamily[];
  /** Tables whose chains or sets are not ours. Nor are their elements looked at. */
  changed: FirewallFamily[];
  /** Elements that are not there, or have other data. */
  missing: NftElement[];
  /** Elements that are there and should not be. */
  foreign: NftElement[];
  /** Programs of iptables whose tables have not what they should of ours; absent: none. */
  tools?: IptablesTool[];
}

/** Whether there is nothing to mend. */
export function isInOrder({ gone, changed, missing, foreign, tools = [] }: FirewallDrift): boolean {
  return gone.length + changed.length + missing.length + foreign.length + tools.length === 0;
}

/** Compare. Each table is listed once. @throws {NetdError} NFT_FAILED */
export function inspectFirewall(
  wanted: FirewallTables,
  { nftables, outlines }: { nftables: Nftables; outlines: TableOutlines },
): FirewallDrift {
  const drift: FirewallDrift = { gone: [], changed: [], missing: [], foreign: [] };
  const all = [...wanted.elements.values()].flat();
  for (const table of wanted.tables) {
    const { family } = table;
    const found = nftables.tableOutline({ family, name: FIREWALL_TABLE });
    if (found === undefined) drift.gone.push(family);
    else if (found !== outlines.of(wanted.tables).get(family)) drift.changed.push(family);
    else {
      compareElements(
        all.filter((element) => element.family === family),
        listElements(table, nftables),
        drift,
      );
    }
  }
  return drift;
}

/** Knows how this kernel prints our tables, without elements; each state of them is printed once. */
export class TableOutlines {
  #tables: readonly NftTable[] | undefined;
  #outlines = new Map<FirewallFamily, string | undefined>();

  of(tables: readonly NftTable[]): Map<FirewallFamily, string | undefined> {
    if (this.#tables !== tables) this.#outlines = printOutlines(tables);
    this.#tables = tables;
    return this.#outlines;
  }
}

function printOutlines(tables: readonly NftTable[]): Map<FirewallFamily, string | undefined> {
  return inNewNetns(() => {
    using nftables = Nftables.open();
    nftables.run(tables.map(tableText).join("\n"));
    return new Map(
      tables.map(({ family }) => [family, nftables.tableOutline({ family, name: FIREWALL_TABLE })] as const),
    );
  });
}

function compareElements(wanted: readonly NftElement[], found: readonly NftElement[], drift: FirewallDrift): void {
  const left = new Map(found.map((element) => [canonicalId(element), element]));
  for (const element of wanted) {
    if (!left.delete(canonicalId(element))) drift.missing.push(element);
  }
  drift.foreign.push(...left.values());
}

/** The elements of all sets of a table but those which rules fill. */
function listElements({ family, sets }: NftTable, nftables: Nftables): NftElement[] {
  const dynamic = new Set(sets.filter(({ isDynamic }) => isDynamic).map(({ name }) => name));
  const listed = nftables.list(`list table ${family} ${FIREWALL_TABLE}`).nftables;
  return listed.flatMap((object) => {
    const { name, elem = [] } = (object["set"] ?? object["map"] ?? {}) as { name?: string; elem?: unknown[] };
    if (name === undefined || dynamic.has(name)) return [];
    const isMap = object["map"] !== undefined;
    return elem.map((value): NftElement => {
      if (!isMap) return { family, set: name, key: expressionText(value) };
      const [key, data] = value as [unknown, unknown];
      return { family, set: name, key: expressionText(key), data: expressionText(data) };
    });
  });
}

/** An expression of libnftables-json(5), as far as our elements go, in nft's text. */
function expressionText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { concat, prefix, range, elem } = value as {
    concat?: unknown[];
    prefix?: { addr: string; len: number };
    range?: [unknown, unknown];
    elem?: { val: unknown };
  };
  if (concat !== undefined) return concat.map(expressionText).join(" . ");
  if (prefix !== undefined) return `${prefix.addr}/${prefix.len}`;
  if (range !== undefined) return range.map(expressionText).join("-");
  if (elem !== undefined) return expressionText(elem.val);
  return JSON.stringify(value);
}

/** What is equal in all ways of writing the same element. */
function canonicalId({ family, set, key, data }: NftElement): string {
  const parts = `${key} : ${data ?? ""}`.replaceAll('"', "").split(" ");
  const numbers = parts.map((part) => (part.startsWith("0x") ? BigInt(part).toString() : part));
  return `${family} ${set} ${numbers.join(" ")}`;
}
