/**
 * Which addresses of a subnet a pool gives out by itself: its ranges, less what is excluded or means something else.
 *
 * @module
 */
import { formatIpRange, type IpRange, type IpSubnet, isWithin } from "../address/index.ts";
import { NetdError } from "../errors.ts";

/** What narrows a pool. */
export interface PoolRangesOptions {
  /** Only these are given out; none: the whole subnet. */
  ranges: readonly IpRange[];
  /** These never are. */
  excludes: readonly IpRange[];
}

/**
 * Work out the ranges, ascending and apart from each other.
 *
 * @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET: a range or an exclude is not in the subnet
 */
export function poolRanges(subnet: IpSubnet, { ranges, excludes }: PoolRangesOptions): IpRange[] {
  for (const range of [...ranges, ...excludes]) checkInside(range, subnet);
  const holes = sortRanges(excludes);
  return sortRanges(ranges.length === 0 ? [subnet] : ranges).flatMap((range) => withoutHoles(range, holes));
}

/** Whether one of the ranges, ascending and apart from each other, has an address. */
export function isInRanges(ranges: readonly IpRange[], value: bigint): boolean {
  const range = ranges[rangeFrom(ranges, value)];
  return range !== undefined && range.first <= value;
}

/** The place of the first range that ends at `value` or behind it; as many as there are when none does. */
export function rangeFrom(ranges: readonly IpRange[], value: bigint): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.last < value)
      low = middle + 1; // middle is below high, which is at most the length
    else high = middle;
  }
  return low;
}

/** Order ranges, and make one of those that touch. */
function sortRanges(ranges: readonly IpRange[]): IpRange[] {
  const sorted: IpRange[] = [];
  for (const { family, first, last } of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = sorted.at(-1);
    if (before === undefined || first > before.last + 1n) sorted.push({ family, first, last });
    else if (last > before.last) before.last = last;
  }
  return sorted;
}

function withoutHoles({ family, first, last }: IpRange, holes: readonly IpRange[]): IpRange[] {
  const left: IpRange[] = [];
  let from = first;
  for (const hole of holes) {
    if (hole.last < from || hole.first > last) continue;
    if (hole.first > from) left.push({ family, first: from, last: hole.first - 1n });
    from = hole.last + 1n;
  }
  return from > last ? left : [...left, { family, first: from, last }];
}

function checkInside(range: IpRange, subnet: IpSubnet): void {
  if (isWithin(range, subnet)) return;
  throw new NetdError(
    "IPAM_ADDRESS_OUTSIDE_SUBNET",
    `Cannot use range ${formatIpRange(range)}: it is not all in the subnet ${subnet.cidr}`,
    { remedy: `Give a range of ${subnet.cidr}` },
  );
}
