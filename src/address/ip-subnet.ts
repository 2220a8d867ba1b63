/**
 * Subnets of either family.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { addressBits, familyOf, formatIpAddress, type IpAddress, type IpFamily, parseIpAddress } from "./ip-address.ts";

/** A subnet with its ends as numbers. */
export interface IpSubnet {
  family: IpFamily;
  /** Canonical text, such as `172.16.0.0/24` or `fd00:1:2::/64`. */
  cidr: string;
  prefixLength: number;
  /** Network address; of an IPv6 subnet, the anycast address of its routers (RFC 4291, 2.6.1). */
  first: bigint;
  /** Of an IPv4 subnet, the broadcast address. */
  last: bigint;
}

/**
 * Parse `ADDRESS/LENGTH` of either family; host bits must be zero.
 *
 * @throws {NetdError} SUBNET_INVALID
 */
export function parseIpSubnet(text: string): IpSubnet {
  const { address, prefixLength } = splitCidr(text);
  const subnet = ipSubnet(address, prefixLength);
  if (subnet.first === address.value) return subnet;
  throw new NetdError("SUBNET_INVALID", `Cannot use subnet '${text}': it has host bits set`, {
    remedy: `Give the network address: ${subnet.cidr}`,
  });
}

/** Make the subnet of a length in which an address is; host bits are dropped. */
export function ipSubnet({ family, value }: IpAddress, prefixLength: number): IpSubnet {
  const hostBits = BigInt(addressBits(family) - prefixLength);
  const first = (value >> hostBits) << hostBits;
  return {
    family,
    cidr: `${formatIpAddress({ family, value: first })}/${prefixLength}`,
    prefixLength,
    first,
    last: first + (1n << hostBits) - 1n,
  };
}

/** Whether `address` is one of `subnet`'s, its first and last included. */
export function hasAddress(subnet: Pick<IpSubnet, "family" | "first" | "last">, address: IpAddress): boolean {
  return subnet.family === address.family && address.value >= subnet.first && address.value <= subnet.last;
}

function splitCidr(text: string): { address: IpAddress; prefixLength: number } {
  const [address = "", length = "", ...rest] = text.split("/");
  const family = familyOf(text);
  try {
    const prefixLength = Number(length);
    const isLength = /^(0|[1-9]\d{0,2})$/.test(length) && prefixLength <= addressBits(family);
    if (!isLength || rest.length > 0) throw new TypeError(`a length from 0 to ${addressBits(family)} wanted`);
    return { address: parseIpAddress(address), prefixLength };
  } catch (cause) {
    throw new NetdError("SUBNET_INVALID", `Cannot parse '${text}' as an IPv${family} subnet: ADDRESS/LENGTH wanted`, {
      remedy: `Give a subnet like ${family === 4 ? "172.16.0.0/24" : "fd00:1:2::/64"}`,
      cause,
    });
  }
}
