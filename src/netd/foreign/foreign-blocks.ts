/**
 * Asks about the networks that there are: what the rules of others stop.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../../address/index.ts";
import { hasSysctl, listRoutes, readSysctl } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import type { NetworkRow } from "../network/network-row.ts";
import { type ForeignBlock, type ForeignNetwork, findForeignBlocks } from "./find-blocks.ts";

/** Find them, for all networks that have a bridge. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
export function foreignBlocks({ networks, session, foreign }: DaemonContext): ForeignBlock[] {
  const [uplink] = listRoutes(session.rtnetlink(), { family: "inet" })
    .filter(({ to, dev }) => to === "default" && dev !== undefined)
    .sort((a, b) => a.metric - b.metric);
  return findForeignBlocks(foreign.read(), {
    networks: [...networks].filter(({ kind }) => kind === "bridge").map(describeNetwork),
    uplink: uplink?.dev,
    isBridgeFiltered: isOn("net/bridge/bridge-nf-call-iptables") || isOn("net/bridge/bridge-nf-call-ip6tables"),
  });
}

/** The module br_netfilter has these keys; without it bridged packets pass no rules of IP. */
function isOn(key: string): boolean {
  return hasSysctl(key) && readSysctl(key) === "1";
}

function describeNetwork({ name, bridge, gateway, gateway6, isInternal }: NetworkRow): ForeignNetwork {
  return { name, bridge, v4: addressesBeside(gateway), v6: addressesBeside(gateway6), isInternal };
}

/** The bridge's address, and the one after it in the place of any member. */
function addressesBeside(gateway: string | undefined): ForeignNetwork["v4"] {
  if (gateway === undefined) return undefined;
  const { family, value } = parseIpAddress(gateway);
  return { gateway, member: formatIpAddress({ family, value: value + 1n }) };
}
