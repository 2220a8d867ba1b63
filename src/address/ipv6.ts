/**
 * IPv6 addresses over ip-num. An address is text at every border and a bigint inside a pool.
 *
 * @module
 */
import { IPv6 } from "ip-num";
import { NetdError } from "../errors.ts";

const GROUPS = 8;
const GROUP = /^[0-9a-f]{1,4}$/i;
/** `::ffff:0:0/96`: an IPv4 address in the clothes of another (RFC 4291, 2.5.5.2); the kernel never sends it on a wire. */
const MAPPED_PREFIX = 0xffffn;

/**
 * Parse IPv6 text, in any of the forms of RFC 4291 that hold nothing but hexadecimal groups, to a number.
 *
 * @throws {NetdError} ADDRESS_INVALID, also for an IPv4-mapped address and for one with a zone
 */
export function parseIpv6(text: string): bigint {
  if (text.includes("%")) {
    throw invalid(text, "it has a zone, an address without '%LINK' wanted", "Leave the zone out");
  }
  const value = isWellFormed(text) ? IPv6.fromHexadecatet(text).getValue() : undefined;
  if (value === undefined) {
    throw invalid(text, "up to eight groups of hexadecimal digits wanted", "Give an address like fd00:1:2::10");
  }
  if (value >> 32n === MAPPED_PREFIX) {
    throw invalid(text, "it is an IPv4 address mapped into IPv6, a real one wanted", "Give the IPv4 address itself");
  }
  return value;
}

/** Format a number as RFC 5952 wants it: lower case, no leading zeroes, the first longest run of zero groups as `::`. */
export function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: GROUPS }, (_, index) => (value >> BigInt(16 * (GROUPS - 1 - index))) & 0xffffn);
  const { start, length } = longestZeroes(groups);
  const texts = groups.map((group) => group.toString(16));
  if (length < 2) return texts.join(":");
  return `${texts.slice(0, start).join(":")}::${texts.slice(start + length).join(":")}`;
}

function longestZeroes(groups: readonly bigint[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0n) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}

/** Whether there are eight groups, or fewer with one `::` among them. */
function isWellFormed(text: string): boolean {
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const isCounted = halves.length === 2 ? groups.length < GROUPS : halves.length === 1 && groups.length === GROUPS;
  return isCounted && groups.every((group) => GROUP.test(group));
}

function invalid(text: string, why: string, remedy: string): NetdError {
  return new NetdError("ADDRESS_INVALID", `Cannot parse '${text}' as an IPv6 address: ${why}`, { remedy });
}
