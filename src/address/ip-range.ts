/**
 * Ranges of addresses: `A-B`, a single `A`, or a subnet.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { formatIpAddress, type IpFamily, parseIpAddress } from "./ip-address.ts";
import { parseIpSubnet } from "./ip-subnet.ts";

/** Addresses in a row, both ends included. */
export interface IpRange {
  family: IpFamily;
  first: bigint;
  last: bigint;
}

/**
 * Parse `A-B`, `A` or `A/LENGTH`, of either family.
 *
 * @throws {NetdError} ADDRESS_INVALID, SUBNET_INVALID
 */
export function parseIpRange(text: string): IpRange {
  if (text.includes("/")) {
    const { family, first, last } = parseIpSubnet(text);
    return { family, first, last };
  }
  const [from = "", to = from, ...rest] = text.split("-");
  if (rest.length > 0) throw invalid(text, "one '-' wanted");
  const [first, last] = [parseIpAddress(from), parseIpAddress(to)];
  if (first.family !== last.family) throw invalid(text, "its ends are of different families, of one wanted");
  if (first.value > last.value) throw invalid(text, "it ends before it begins, the lower address first wanted");
  return { family: first.family, first: first.value, last: last.value };
}

/** Format a range as `A-B`, or as `A` when it is one address. */
export function formatIpRange({ family, first, last }: IpRange): string {
  const from = formatIpAddress({ family, value: first });
  return first === last ? from : `${from}-${formatIpAddress({ family, value: last })}`;
}

/** Whether a range, or a subnet, has all of another. */
export function isWithin(inner: IpRange, outer: IpRange): boolean {
  return inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;
}

/** Whether two ranges, or subnets, share an address. */
export function isRangeOverlapping(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function invalid(text: string, why: string): NetdError {
  return new NetdError("ADDRESS_INVALID", `Cannot parse '${text}' as a range of addresses: ${why}`, {
    remedy: "Give one like 172.16.0.10-172.16.0.99, 172.16.0.64/26 or fd00:1:2::10-fd00:1:2::99",
  });
}
