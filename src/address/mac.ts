/**
 * MAC addresses (EUI-48) in lower-case colon form.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { parseIpAddress } from "./ip-address.ts";

/** First bytes of the MACs that we make: locally administered, and the ones that docker chose. */
export const DEFAULT_MAC_PREFIX = "02:42";
const MAC_BYTES = 6;
const PREFIX_PATTERN = /^[0-9a-f]{2}(:[0-9a-f]{2}){0,4}$/;
const MAC_PATTERN = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/**
 * Parse a unicast MAC, colons or dashes, any case, to its lower-case colon form.
 *
 * @throws {NetdError} MAC_INVALID
 */
export function parseMac(text: string): string {
  const mac = text.toLowerCase().replaceAll("-", ":");
  const isUnicast = MAC_PATTERN.test(mac) && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
  if (!isUnicast || mac === "00:00:00:00:00:00") {
    throw new NetdError("MAC_INVALID", `Cannot use MAC address '${text}': it is not a unicast address of six bytes`, {
      remedy: "Give one like 02:42:ac:10:00:02, or leave it out to have it made from the IP address",
    });
  }
  return mac;
}

/**
 * Parse the first one to five bytes that the MACs of a network shall have, colons or dashes, any case.
 *
 * @throws {NetdError} MAC_INVALID
 */
export function parseMacPrefix(text: string): string {
  const prefix = text.toLowerCase().replaceAll("-", ":");
  if (PREFIX_PATTERN.test(prefix) && (Number.parseInt(prefix.slice(0, 2), 16) & 1) === 0) return prefix;
  throw new NetdError("MAC_INVALID", `Cannot use MAC prefix '${text}': one to five bytes of a unicast address wanted`, {
    remedy: "Give one like 02:42, or leave it out",
  });
}

/**
 * Derive the MAC of an address: a prefix, then the address's last bytes, so that a reused address never meets a stale neighbour entry.
 *
 * @throws {NetdError} ADDRESS_INVALID
 */
export function macOfAddress(address: string, prefix = DEFAULT_MAC_PREFIX): string {
  const { value } = parseIpAddress(address);
  const bytes = prefix.split(":");
  for (let left = MAC_BYTES - bytes.length; left > 0; left -= 1) {
    const byte = (value >> BigInt(8 * (left - 1))) & 0xffn;
    bytes.push(byte.toString(16).padStart(2, "0"));
  }
  return bytes.join(":");
}

/** Derive the MAC of an IPv4 address: 02:42 and its four bytes. @throws {NetdError} ADDRESS_INVALID */
export function macOfIpv4(address: string): string {
  return macOfAddress(address);
}

/** The six bytes of a MAC in colon form. */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}
