/**
 * Which subnet a network can have without standing in the way of the host's routes.
 *
 * @module
 */
import { formatIpv4, isOverlapping, parseSubnet, type Subnet } from "../address/index.ts";
import { NetdError } from "../errors.ts";

/** Something that uses addresses of this host already. */
export interface TakenSubnet {
  subnet: Subnet;
  /** How a person knows it: `route dev eth0`, `network 'lab'`. */
  by: string;
}

/**
 * List the subnets that netd tries by itself, in this order: 172.16.0.0/24, the like of the other fifteen 172.x, of every 10.x,
 * and 192.168.0.0/24 to 192.168.255.0/24.
 */
export function defaultSubnets(): Subnet[] {
  const subnets: Subnet[] = [];
  for (let second = 16; second <= 31; second += 1) subnets.push(parseSubnet(`172.${second}.0.0/24`));
  for (let second = 0; second <= 255; second += 1) subnets.push(parseSubnet(`10.${second}.0.0/24`));
  for (let third = 0; third <= 255; third += 1) subnets.push(parseSubnet(`192.168.${third}.0/24`));
  return subnets;
}

/** Find what shares an address with `subnet`. Default routes, also when a VPN splits them in two halves, are in nobody's way. */
export function findOverlap(subnet: Subnet, taken: readonly TakenSubnet[]): TakenSubnet | undefined {
  return taken.find((other) => other.subnet.prefixLength > 1 && isOverlapping(subnet, other.subnet));
}

/**
 * Refuse a subnet that shares an address with what is there.
 *
 * @throws {NetdError} SUBNET_OVERLAPS_ROUTE naming it
 */
export function checkSubnetFree(subnet: Subnet, taken: readonly TakenSubnet[]): void {
  const overlap = findOverlap(subnet, taken);
  if (overlap === undefined) return;
  throw new NetdError(
    "SUBNET_OVERLAPS_ROUTE",
    `Cannot use subnet ${subnet.cidr}: it overlaps ${overlap.subnet.cidr} (${overlap.by})`,
    { remedy: "Give another --subnet, or none to have a free one picked" },
  );
}

/**
 * Pick the first candidate that is free.
 *
 * @throws {NetdError} SUBNET_POOL_EXHAUSTED listing what is in the way
 */
export function pickSubnet(candidates: readonly Subnet[], taken: readonly TakenSubnet[]): Subnet {
  const blockers = new Set<TakenSubnet>();
  for (const candidate of candidates) {
    const overlap = findOverlap(candidate, taken);
    if (overlap === undefined) return candidate;
    blockers.add(overlap);
  }
  const list = [...blockers].map(({ subnet, by }) => `${subnet.cidr} (${by})`).join(", ");
  throw new NetdError(
    "SUBNET_POOL_EXHAUSTED",
    `Cannot pick a subnet: all ${candidates.length} candidates overlap what is taken: ${list}`,
    { remedy: "Give a free one with --subnet" },
  );
}

/** Make a subnet of an address and a prefix length, host bits dropped: the form in which the kernel lists routes. */
export function subnetOf(address: number, prefixLength: number): Subnet {
  const size = 2 ** (32 - prefixLength);
  const first = address - (address % size);
  return { cidr: `${formatIpv4(first)}/${prefixLength}`, prefixLength, first, last: first + size - 1 };
}
