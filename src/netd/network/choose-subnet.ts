/**
 * Which subnet a network gets: the one asked for if it is free, else the first free candidate. Pure.
 *
 * @module
 */
import {
  formatIpAddress,
  hasAddress,
  type IpSubnet,
  ipSubnet,
  isRangeOverlapping,
  parseIpAddress,
  parseIpSubnet,
  ulaSubnet,
} from "../../address/index.ts";
import { NetdError } from "../../errors.ts";
import { defaultGateway, defaultSubnets } from "../../ipam/index.ts";
import type { HostFacts, TakenSubnet } from "./host-facts.ts";
import type { NetworkRow } from "./network-row.ts";

/** Shortest and longest prefix of a network, for each family: two hosts besides the gateway's side must fit in. */
const PREFIX_LENGTHS = { 4: [8, 30], 6: [64, 126] } as const;

/** Addresses that no network can have (RFC 6890), and what they are for. */
const SPECIAL: readonly TakenSubnet[] = [
  ["0.0.0.0/8", "'this host'"],
  ["127.0.0.0/8", "loopback"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/96", "loopback and IPv4-compatible addresses"],
  ["fe80::/10", "link-local addresses"],
  ["ff00::/8", "multicast"],
].map(([cidr = "", by = ""]) => ({ subnet: parseIpSubnet(cidr), by }));

/** Many tries tell enough of what is in the way. */
const MOST_NAMED = 12;
/** How many /64 a /48 has. */
const ULA_NETWORKS = 65_536;

/**
 * List what uses addresses already: other networks, the host's routes and its own addresses.
 *
 * `ownLink` is the bridge or parent link of the network itself: what is on it is in nobody's way.
 */
export function listTaken(networks: Iterable<NetworkRow>, host: HostFacts, ownLink: string): TakenSubnet[] {
  const rows = [...networks];
  const ours = new Set(rows.filter(({ kind }) => kind === "bridge").map(({ bridge }) => bridge));
  const isForeign = (link: string | undefined): boolean => link === undefined || (link !== ownLink && !ours.has(link));
  return [
    ...rows.flatMap(({ name, subnet, subnet6 }) =>
      [subnet, subnet6].flatMap((cidr) =>
        cidr === undefined ? [] : [{ subnet: parseIpSubnet(cidr), by: `network '${name}'` }],
      ),
    ),
    ...host.routes.filter(({ link }) => isForeign(link)),
    ...host.addresses
      .filter(({ link }) => isForeign(link))
      .map(({ link, address }) => {
        const value = parseIpAddress(address.split("/")[0] ?? "");
        const subnet = ipSubnet(value, value.family === 4 ? 32 : 128);
        return { subnet, by: `address ${formatIpAddress(value)} of ${link}` };
      }),
  ];
}

/**
 * Check a subnet that was asked for.
 *
 * @throws {NetdError} SUBNET_INVALID, SUBNET_OVERLAPS_ROUTE, SUBNET_OVERLAPS_NETWORK naming what is in the way
 */
export function checkSubnet(cidr: string, family: 4 | 6, taken: readonly TakenSubnet[]): IpSubnet {
  const subnet = parseIpSubnet(cidr);
  const flag = family === 4 ? "--subnet" : "--subnet6";
  if (subnet.family !== family) {
    throw new NetdError("SUBNET_INVALID", `Cannot use ${flag} ${cidr}: an IPv${family} subnet wanted`, {
      remedy: `Give it with ${family === 4 ? "--subnet6" : "--subnet"}`,
    });
  }
  const [shortest, longest] = PREFIX_LENGTHS[family];
  if (subnet.prefixLength < shortest || subnet.prefixLength > longest) {
    throw new NetdError(
      "SUBNET_INVALID",
      `Cannot use subnet ${cidr}: a prefix length from ${shortest} to ${longest} wanted`,
      {
        remedy: `Give a subnet like ${family === 4 ? "172.16.0.0/24" : "fd00:1:2::/64"}`,
      },
    );
  }
  const special = SPECIAL.find((known) => isRangeOverlapping(known.subnet, subnet));
  if (special !== undefined) {
    throw new NetdError("SUBNET_INVALID", `Cannot use subnet ${cidr}: ${special.subnet.cidr} is for ${special.by}`, {
      remedy: `Give a subnet like ${family === 4 ? "172.16.0.0/24" : "fd00:1:2::/64"}`,
    });
  }
  const overlap = findOverlap(subnet, taken);
  if (overlap === undefined) return subnet;
  const isNetwork = overlap.by.startsWith("network ");
  throw new NetdError(
    isNetwork ? "SUBNET_OVERLAPS_NETWORK" : "SUBNET_OVERLAPS_ROUTE",
    `Cannot use subnet ${cidr}: it overlaps ${overlap.subnet.cidr} (${overlap.by})`,
    { remedy: `Give another ${flag}, or ${family === 4 ? "none to have a free one picked" : "'auto'"}` },
  );
}

/**
 * Pick a free IPv4 subnet.
 *
 * @throws {NetdError} SUBNET_POOL_EXHAUSTED listing what is in the way
 */
export function pickSubnet4(taken: readonly TakenSubnet[]): IpSubnet {
  const blockers = new Map<string, TakenSubnet>();
  const candidates = defaultSubnets();
  for (const { cidr } of candidates) {
    const candidate = parseIpSubnet(cidr);
    const overlap = findOverlap(candidate, taken);
    if (overlap === undefined) return candidate;
    blockers.set(overlap.subnet.cidr, overlap);
  }
  throw exhausted(`all ${candidates.length} candidates`, [...blockers.values()], "--subnet");
}

/** Pick a free /64 of this host's own prefix. @throws {NetdError} SUBNET_POOL_EXHAUSTED */
export function pickSubnet6(ula: IpSubnet, taken: readonly TakenSubnet[]): IpSubnet {
  const near = taken.filter(({ subnet }) => subnet.prefixLength > 1 && isRangeOverlapping(subnet, ula));
  for (let index = 0; index < ULA_NETWORKS; index++) {
    const candidate = ulaSubnet(ula, index);
    if (findOverlap(candidate, near) === undefined) return candidate;
  }
  throw exhausted(`all ${ULA_NETWORKS} networks of ${ula.cidr}`, near, "--subnet6");
}

/**
 * Check a gateway that was asked for, or take the first address of the subnet.
 *
 * @throws {NetdError} ADDRESS_INVALID, IPAM_ADDRESS_OUTSIDE_SUBNET
 */
export function chooseGateway(subnet: IpSubnet, wanted: string | undefined): string {
  if (wanted === undefined) return formatIpAddress({ family: subnet.family, value: defaultGateway(subnet) });
  const address = parseIpAddress(wanted);
  // IPv6 has no broadcast address; the first is the routers' anycast address.
  const last = subnet.family === 4 ? subnet.last - 1n : subnet.last;
  if (hasAddress({ family: subnet.family, first: subnet.first + 1n, last }, address)) return formatIpAddress(address);
  const format = (value: bigint): string => formatIpAddress({ family: subnet.family, value });
  throw new NetdError(
    "IPAM_ADDRESS_OUTSIDE_SUBNET",
    `Cannot use gateway ${wanted}: it is no host address of ${subnet.cidr}`,
    { remedy: `Give one from ${format(subnet.first + 1n)} to ${format(last)}` },
  );
}

/** Default routes, also when a VPN splits them in two halves, are in nobody's way. */
function findOverlap(subnet: IpSubnet, taken: readonly TakenSubnet[]): TakenSubnet | undefined {
  return taken.find((other) => other.subnet.prefixLength > 1 && isRangeOverlapping(subnet, other.subnet));
}

function exhausted(tried: string, blockers: readonly TakenSubnet[], flag: string): NetdError {
  const named = blockers.slice(0, MOST_NAMED).map(({ subnet, by }) => `${subnet.cidr} (${by})`);
  const rest = blockers.length - named.length;
  return new NetdError(
    "SUBNET_POOL_EXHAUSTED",
    `Cannot pick a subnet: ${tried} overlap what is taken: ${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`,
    { remedy: `Give a free one with ${flag}` },
  );
}
