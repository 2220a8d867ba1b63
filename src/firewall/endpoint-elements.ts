/**
 * What the sets hold of one container's place in a network.
 *
 * @module
 */
import { formatIpv6, macBytes, parseIpv6 } from "../address/index.ts";
import { aclElements } from "./acl-rules.ts";
import type { FirewallAcl, FirewallEndpoint, FirewallNetwork } from "./model.ts";
import { quoted } from "./network-elements.ts";
import type { NftElement } from "./nft-tables.ts";

/** The elements of an endpoint; none in a network without a bridge of ours. */
export function endpointElements(
  endpoint: FirewallEndpoint,
  network: FirewallNetwork | undefined,
  acls: readonly FirewallAcl[],
): NftElement[] {
  if (network === undefined) return [];
  const port = quoted(endpoint.hostInterface);
  return [
    frame("ports", port),
    frame("macs", `${port} . ${endpoint.mac}`),
    ...(network.isIsolated ? [frame("isolated", port)] : []),
    ...addressElements(endpoint),
    ...egressElements(endpoint, network),
    ...acls.flatMap((acl) => aclElements(acl, endpoint)),
  ];
}

/** Whom it may say it is. */
function addressElements({ hostInterface, mac, address, address6 }: FirewallEndpoint): NftElement[] {
  const port = quoted(hostInterface);
  const own6 = address6 === undefined ? [] : [address6, linkLocalAddress(mac)];
  return [
    ...(address === undefined ? [] : [frame("hosts4", `${port} . ${mac} . ${address}`)]),
    ...own6.flatMap((own) => [
      frame("hosts6", `${port} . ${mac} . ${own}`),
      frame("nd_targets", `${port} . ${mac} . ${rawAddress(own)}`),
    ]),
    ...(address6 === undefined ? [] : [frame("nd_macs", `${port} . ${rawMac(mac)}`)]),
  ];
}

function egressElements(endpoint: FirewallEndpoint, { bridge }: FirewallNetwork): NftElement[] {
  const { egress, hostInterface, mac, address, address6 } = endpoint;
  if (egress === "all") return [];
  const set = egress === "none" ? "mute" : "homebound";
  const own6 = address6 === undefined ? [] : [address6, linkLocalAddress(mac)];
  return [
    ...(egress === "none" ? [frame("mute", quoted(hostInterface))] : []),
    ...(address === undefined ? [] : [packet(`${set}4`, `${quoted(bridge)} . ${address}`)]),
    ...own6.map((own) => packet(`${set}6`, `${quoted(bridge)} . ${own}`)),
  ];
}

/** The link-local address that Linux makes from a MAC (RFC 4291, appendix A). */
export function linkLocalAddress(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  const low = [a ^ 2, b, c, 0xff, 0xfe, d, e, f].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return formatIpv6((0xfe80n << 112n) | low);
}

/** An IPv6 address as a number, which is how nft writes a field that it has no name for. */
function rawAddress(address: string): string {
  return hexNumber(parseIpv6(address));
}

function rawMac(mac: string): string {
  return hexNumber(BigInt(`0x${macBytes(mac).toString("hex")}`));
}

function hexNumber(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function frame(set: string, key: string): NftElement {
  return { family: "bridge", set, key };
}

function packet(set: string, key: string): NftElement {
  return { family: "inet", set, key };
}
