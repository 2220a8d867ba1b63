/**
 * Access rules. Who they are about is a set of addresses where it is containers, and the address itself otherwise: on the ports of our bridges
 * nobody can send from another's.
 *
 * @module
 */
import { familyOf, type IpFamily } from "../address/index.ts";
import type { FirewallAcl, FirewallEndpoint, FirewallNetwork } from "./model.ts";
import type { NftElement, NftSet } from "./nft-tables.ts";

type Side = "from" | "to";
const SIDES: readonly Side[] = ["from", "to"];
const FAMILIES: readonly IpFamily[] = [4, 6];

/** Where rules are made for. */
export interface AclRulesOptions {
  networks: readonly FirewallNetwork[];
  /** What becomes of what is allowed. */
  accept: string;
  /** For connections to the host itself, which is no container. */
  isToHost?: boolean;
}

/** The sets of an access rule: for each side that is about containers, one in each family. */
export function aclSets(acl: FirewallAcl): NftSet[] {
  return SIDES.filter((side) => isAboutContainers(acl[side])).flatMap((side) =>
    FAMILIES.map((family) => ({
      name: setName(acl, side, family),
      lines: [`type ${family === 4 ? "ipv4_addr" : "ipv6_addr"}`],
    })),
  );
}

/** The elements that make a container subject to an access rule, in both tables. */
export function aclElements(acl: FirewallAcl, endpoint: FirewallEndpoint): NftElement[] {
  const addresses = [
    [4, endpoint.address],
    [6, endpoint.address6],
  ] as const;
  return SIDES.filter((side) => isSelected(acl[side], endpoint)).flatMap((side) =>
    addresses.flatMap(([family, key]): NftElement[] =>
      key === undefined
        ? []
        : [
            { family: "inet", set: setName(acl, side, family), key },
            { family: "bridge", set: setName(acl, side, family), key },
          ],
    ),
  );
}

/** The rules in one chain; none where the access rule can't match. */
export function aclRules(acl: FirewallAcl, { networks, accept, isToHost }: AclRulesOptions): string[] {
  if (isToHost === true && isAboutContainers(acl.to)) return [];
  const verdict = acl.action === "allow" ? accept : "drop";
  const service = serviceMatch(acl);
  return matches(acl, "from", networks).flatMap((from) =>
    matches(acl, "to", networks)
      .filter((to) => from.family === undefined || to.family === undefined || from.family === to.family)
      .map((to) => [from.text, to.text, service, verdict].filter((part) => part !== "").join(" ")),
  );
}

/** A condition, and the family that it implies. */
interface Match {
  family?: IpFamily;
  text: string;
}

function matches(acl: FirewallAcl, side: Side, networks: readonly FirewallNetwork[]): Match[] {
  const selector = acl[side];
  if (selector === "any") return [{ text: "" }];
  const field = (family: IpFamily): string => `${family === 4 ? "ip" : "ip6"} ${side === "from" ? "saddr" : "daddr"}`;
  const place = (cidr: string): Match => {
    const family = familyOf(cidr.split("/", 1)[0] ?? "");
    return { family, text: `${field(family)} ${cidr}` };
  };
  const [kind, value] = splitSelector(selector);
  if (kind === "cidr") return [place(value)];
  if (kind === "network") {
    const network = networks.find(({ name }) => name === value);
    return [network?.subnet, network?.subnet6].filter((cidr) => cidr !== undefined).map(place);
  }
  return FAMILIES.map((family) => ({ family, text: `${field(family)} @${setName(acl, side, family)}` }));
}

function serviceMatch({ protocol, ports }: FirewallAcl): string {
  if (protocol === "icmp") return "meta l4proto { icmp, ipv6-icmp }";
  if (ports === undefined || ports.length === 0) return protocol === undefined ? "" : `meta l4proto ${protocol}`;
  const places = `dport { ${mergePorts(ports).join(", ")} }`;
  return protocol === undefined ? `meta l4proto { tcp, udp, sctp } th ${places}` : `${protocol} ${places}`;
}

/** Ports in order, without overlap, as a set wants them. */
export function mergePorts(ports: readonly string[]): string[] {
  const merged: [number, number][] = [];
  const ranges = ports
    .map((text) => text.split("-").map(Number))
    .map(([first = 0, last = first]) => [first, last] as const);
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}

function isAboutContainers(selector: string): boolean {
  const [kind] = splitSelector(selector);
  return kind === "container" || kind === "label";
}

/** Whether a selector is about a container. */
export function isSelected(selector: string, { name, labels }: FirewallEndpoint): boolean {
  const [kind, value] = splitSelector(selector);
  if (kind === "container") return value === name;
  if (kind !== "label") return false;
  const [key = "", ...rest] = value.split("=");
  return labels[key] === rest.join("=");
}

/** The kind of a selector, and what stands behind the colon. */
export function splitSelector(selector: string): [kind: string, value: string] {
  const colon = selector.indexOf(":");
  return colon < 0 ? [selector, ""] : [selector.slice(0, colon), selector.slice(colon + 1)];
}

function setName({ name }: FirewallAcl, side: Side, family: IpFamily): string {
  return `acl_${name}_${side}${family}`;
}
