/**
 * IP addresses, prefixes and MACs between text and the bytes of netlink messages, both families.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { inetNtop, inetPton } from "../libc.ts";

// bits/socket.h
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Address family as netlink numbers it. */
export type Family = typeof AF_INET | typeof AF_INET6;

/** An address in the order of the network. */
export interface IpAddress {
  family: Family;
  /** 4 or 16 bytes. */
  bytes: Buffer;
}

/** An address with the length of its prefix. */
export interface IpPrefix extends IpAddress {
  length: number;
}

/** Parse an IPv4 or IPv6 address. @throws {NetdError} ADDRESS_INVALID */
export function parseIp(text: string): IpAddress {
  const family = text.includes(":") ? AF_INET6 : AF_INET;
  const bytes = Buffer.alloc(family === AF_INET ? 4 : 16);
  if (inetPton(family, text, bytes) === 1) return { family, bytes };
  throw new NetdError("ADDRESS_INVALID", `Cannot parse '${text}' as an IP address: IPv4 or IPv6 text wanted`, {
    remedy: "Give an address like 172.16.0.10 or 2001:db8::10",
  });
}

/** Parse `ADDRESS/LENGTH`; without a length it is one host. @throws {NetdError} ADDRESS_INVALID */
export function parseIpPrefix(text: string): IpPrefix {
  const [address = "", lengthText, ...rest] = text.split("/");
  const { family, bytes } = parseIp(address);
  const most = bytes.length * 8;
  const length = lengthText === undefined ? most : /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  if (rest.length === 0 && length <= most) return { family, bytes, length };
  throw new NetdError(
    "ADDRESS_INVALID",
    `Cannot parse '${text}' as ADDRESS/LENGTH: a length from 0 to ${most} wanted`,
    {
      remedy: "Give one like 172.16.0.10/24 or 2001:db8::10/64",
    },
  );
}

/** Format 4 or 16 bytes, IPv6 as in RFC 5952. */
export function formatIp(bytes: Buffer): string {
  return inetNtop(bytes.length === 4 ? AF_INET : AF_INET6, bytes);
}

/** Format the bytes of a MAC in lower-case colon form. */
export function formatMac(bytes: Buffer): string {
  return bytes.toString("hex").replace(/..(?!$)/g, "$&:");
}

/** Last address of an IPv4 prefix, or undefined where there is no broadcast: IPv6, and the lengths 31 (RFC 3021) and 32. */
export function broadcastOf({ family, bytes, length }: IpPrefix): Buffer | undefined {
  if (family !== AF_INET || length > 30) return undefined;
  const broadcast = Buffer.alloc(4);
  broadcast.writeUInt32BE((bytes.readUInt32BE() | (0xffffffff >>> length)) >>> 0);
  return broadcast;
}
