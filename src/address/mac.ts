/**
 * MAC addresses (EUI-48) in lower-case colon form.
 *
 * @module
 */
import { NetdError } from "../errors.ts";

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

/** Derive the MAC of an IPv4 address: 02:42 and its four bytes, so that a reused address never meets a stale neighbour entry. */
export function macOfIpv4(address: string): string {
  return `02:42:${address
    .split(".")
    .map((byte) => Number(byte).toString(16).padStart(2, "0"))
    .join(":")}`;
}

/** The six bytes of a MAC in colon form. */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}
