/**
 * IPv4 addresses and subnets over ip-num. An address is dotted text at every border and a number inside a pool.
 *
 * @module
 */
import { IPv4, IPv4CidrRange } from "ip-num";
import { NetdError } from "../errors.ts";

/** A subnet with what is special in it. Numbers are addresses as unsigned 32-bit integers. */
export interface Subnet {
  /** Canonical text, such as `172.16.0.0/24`. */
  cidr: string;
  prefixLength: number;
  /** Network address. */
  first: number;
  /** Broadcast address. */
  last: number;
}

const DOTTED = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;

/**
 * Parse dotted-quad text to a number. Leading zeroes are refused: some programs read them as octal.
 *
 * @throws {NetdError} ADDRESS_INVALID
 */
export function parseIpv4(text: string): number {
  try {
    if (!DOTTED.test(text)) throw new TypeError("not dotted-quad");
    return Number(IPv4.fromDecimalDottedString(text).getValue());
  } catch (cause) {
    throw new NetdError(
      "ADDRESS_INVALID",
      `Cannot parse '${text}' as an IPv4 address: four numbers from 0 to 255 wanted`,
      {
        remedy: "Give an address like 172.16.0.10",
        cause,
      },
    );
  }
}

/** Format a number as dotted-quad text. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/**
 * Parse `ADDRESS/LENGTH`; host bits must be zero.
 *
 * @throws {NetdError} SUBNET_INVALID
 */
export function parseSubnet(text: string): Subnet {
  try {
    const [address = "", length = ""] = text.split("/");
    if (!DOTTED.test(address) || !/^\d{1,2}$/.test(length)) throw new TypeError("not ADDRESS/LENGTH");
    const range = IPv4CidrRange.fromCidr(text);
    const first = Number(range.getFirst().getValue());
    if (first !== parseIpv4(address)) {
      throw new NetdError("SUBNET_INVALID", `Cannot use subnet '${text}': it has host bits set`, {
        remedy: `Give the network address: ${formatIpv4(first)}/${length}`,
      });
    }
    return {
      cidr: `${address}/${Number(length)}`,
      prefixLength: Number(length),
      first,
      last: Number(range.getLast().getValue()),
    };
  } catch (cause) {
    if (cause instanceof NetdError && cause.code === "SUBNET_INVALID") throw cause;
    throw new NetdError("SUBNET_INVALID", `Cannot parse '${text}' as an IPv4 subnet: ADDRESS/LENGTH wanted`, {
      remedy: "Give a subnet like 172.16.0.0/24",
      cause,
    });
  }
}

/** Whether two subnets share an address. */
export function isOverlapping(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}
