/**
 * Addresses of either family.
 *
 * @module
 */
import { formatIpv4, parseIpv4 } from "./ipv4.ts";
import { formatIpv6, parseIpv6 } from "./ipv6.ts";

/** Version of the Internet Protocol. */
export type IpFamily = 4 | 6;

/** An address as a number, with its family. */
export interface IpAddress {
  family: IpFamily;
  value: bigint;
}

/** How many bits an address has. */
export function addressBits(family: IpFamily): number {
  return family === 4 ? 32 : 128;
}

/** Tell the family of an address, a subnet or a range by its text: only IPv6 has colons. */
export function familyOf(text: string): IpFamily {
  return text.includes(":") ? 6 : 4;
}

/** Parse an address of either family. @throws {NetdError} ADDRESS_INVALID */
export function parseIpAddress(text: string): IpAddress {
  const family = familyOf(text);
  return { family, value: family === 4 ? BigInt(parseIpv4(text)) : parseIpv6(text) };
}

/** Format an address: dotted-quad, or as RFC 5952 wants it. */
export function formatIpAddress({ family, value }: IpAddress): string {
  return family === 4 ? formatIpv4(Number(value)) : formatIpv6(value);
}

/** Write an address in its one canonical form, by which two texts of it are equal. @throws {NetdError} ADDRESS_INVALID */
export function canonicalAddress(text: string): string {
  return formatIpAddress(parseIpAddress(text));
}
