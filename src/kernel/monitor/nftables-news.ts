/**
 * Collects news about nftables: which tables were touched, and by which program (linux/netfilter/nf_tables.h).
 *
 * @module
 */
import { getString, type NetlinkMessage, parseAttributes } from "netlink/dist/structs.js";
import type { RulesChanged } from "./network-change.ts";

/** NETLINK_NETFILTER (linux/netlink.h). */
export const NETLINK_NETFILTER = 12;
/** NFNLGRP_NFTABLES (linux/netfilter/nfnetlink.h). */
export const NFNLGRP_NFTABLES = 7;

const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG = { NEWTABLE: 0, DELTABLE: 2, NEWGEN: 15 } as const;
/** Of every message about a table and what is in one, whatever it is called there (NFTA_CHAIN_TABLE, NFTA_RULE_TABLE …). */
const NFTA_TABLE = 1;
const NFTA_GEN_PROC_NAME = 3;
/** `struct nfgenmsg`; its first byte is the family. */
const NFGENMSG_LENGTH = 4;
/** NFPROTO_* as nft names them (linux/netfilter.h). */
const FAMILIES: Readonly<Record<number, string>> = {
  1: "inet",
  2: "ip",
  3: "arp",
  5: "netdev",
  7: "bridge",
  10: "ip6",
};

/** News not yet told. */
export class NftablesNews {
  readonly #tables = new Map<string, RulesChanged>();
  /** Tables of the transaction that is being told. */
  readonly #open = new Set<RulesChanged>();

  /** Note a message. */
  add({ type, data }: NetlinkMessage): void {
    if (type >>> 8 !== NFNL_SUBSYS_NFTABLES) return;
    const message = type & 0xff;
    if (message === NFT_MSG.NEWGEN) {
      const by = attribute(data, NFTA_GEN_PROC_NAME);
      // The end of a transaction, which says who did it.
      if (by !== undefined) for (const change of this.#open) change.by = by;
      this.#open.clear();
      return;
    }
    const name = `${FAMILIES[data[0] ?? 0] ?? data[0]} ${attribute(data, NFTA_TABLE) ?? ""}`;
    const change = this.#tables.get(name) ?? { kind: "rules", name, isRemoved: false };
    if (message === NFT_MSG.DELTABLE) change.isRemoved = true;
    else if (message === NFT_MSG.NEWTABLE) change.isRemoved = false;
    this.#tables.set(name, change);
    this.#open.add(change);
  }

  /** Take what there is. */
  take(): RulesChanged[] {
    const changes = [...this.#tables.values()];
    this.#tables.clear();
    return changes;
  }
}

function attribute(data: Buffer, wanted: number): string | undefined {
  let found: string | undefined;
  parseAttributes(data.subarray(NFGENMSG_LENGTH), ({ type, data: value }) => {
    if (type === wanted) found = getString(value);
  });
  return found;
}
