/**
 * Reads the tables of others that a packet of ours passes: at the hooks forward and input, of nf_tables and of the older x_tables.
 *
 * @module
 */
import { IPTABLES_CHAINS } from "../../firewall/index.ts";
import { hasLegacyFilter, type IptablesTool, type Nftables, saveIptables } from "../../kernel/index.ts";
import type { ForeignTable } from "./foreign-rules.ts";
import { parseIptablesSave } from "./parse-iptables-save.ts";
import { type NftChain, parseNftTable } from "./parse-nft.ts";

/** Chains that we have there ourselves, and the rules which lead to them. */
const OWN = new RegExp(
  `(^(:|-A )| -j )(${IPTABLES_CHAINS.flatMap(({ chains }) => chains.map(({ name }) => name)).join("|")})( |$)`,
);

/** What {@link readForeignTables} looks at. */
export interface ReadForeignOptions {
  /** Name of our own tables, which are passed over. */
  ownTable: string;
  /** A name under /run/netns or a path; absent, the program's own namespace. */
  netns?: string | undefined;
}

/**
 * Read them. Costs one listing of chains where there are none; programs of iptables run only where a table of theirs exists.
 *
 * @throws {NetdError} NFT_FAILED, IPTABLES_FAILED
 */
export function readForeignTables(nftables: Nftables, { ownTable, netns }: ReadForeignOptions): ForeignTable[] {
  const chains = nftables.list("list chains").nftables.flatMap(({ chain }) => (chain as NftChain | undefined) ?? []);
  const wanted = new Set(
    chains
      .filter(({ type, hook, family, table }) => {
        const isFilter = type === "filter" && (hook === "forward" || hook === "input");
        return isFilter && table !== ownTable && ["ip", "ip6", "inet"].includes(family);
      })
      .map(({ family, table }) => `${family} ${table}`),
  );
  const tables = [...wanted].map((place): ForeignTable => {
    const [family, name = ""] = place.split(" ") as [ForeignTable["family"], string];
    const tool = toolOf(chains, family, name);
    if (tool !== undefined) return readByIptables(tool, netns);
    return { tool: "nft", family, name, chains: parseNftTable(nftables.list(`list table ${place}`)) };
  });
  for (const family of [4, 6] as const) {
    if (hasLegacyFilter(family, netns)) {
      tables.push(readByIptables(family === 4 ? "iptables-legacy" : "ip6tables-legacy", netns));
    }
  }
  return tables;
}

/** The program whose table this is: iptables-nft names its chains in capitals, and nft can't print all that it holds. */
function toolOf(chains: readonly NftChain[], family: string, name: string): IptablesTool | undefined {
  if (name !== "filter" || (family !== "ip" && family !== "ip6")) return undefined;
  const isTheirs = chains.some(
    (chain) => chain.family === family && chain.table === name && ["FORWARD", "INPUT"].includes(chain.name),
  );
  if (!isTheirs) return undefined;
  return family === "ip" ? "iptables-nft" : "ip6tables-nft";
}

function readByIptables(tool: IptablesTool, netns: string | undefined): ForeignTable {
  const lines = saveIptables({ tool, netns }).split("\n");
  const chains = parseIptablesSave(lines.filter((line) => !OWN.test(line)).join("\n"));
  return { tool, family: tool.startsWith("ip6") ? "ip6" : "ip", name: "filter", chains };
}
