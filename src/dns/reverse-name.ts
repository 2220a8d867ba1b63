/**
 * Reverse names: in-addr.arpa (RFC 1035, 3.5) and ip6.arpa (RFC 3596, 2.5). Pure.
 *
 * @module
 */
import { formatIpv6, type IpAddress } from "../address/index.ts";

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/;
const IPV6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/;

/** The address that a lower-case reverse name stands for, as a value and in its canonical text; undefined for any other name. */
export function parseReverseName(name: string): { address: IpAddress; text: string } | undefined {
  const nibbles = IPV6.exec(name)?.[1];
  if (nibbles !== undefined) {
    const value = BigInt(`0x${nibbles.split(".").reverse().join("")}`);
    return { address: { family: 6, value }, text: formatIpv6(value) };
  }
  const bytes = IPV4.exec(name)?.slice(1).reverse();
  // A byte is written in one way only.
  if (bytes === undefined || bytes.some((byte) => Number(byte) > 255 || String(Number(byte)) !== byte))
    return undefined;
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return { address: { family: 4, value }, text: bytes.join(".") };
}
