/**
 * Unique local IPv6 prefixes (RFC 4193): addresses of one host's networks that nobody else is likely to have.
 *
 * @module
 */
import { type IpSubnet, ipSubnet } from "./ip-subnet.ts";

/** Bytes of the global identifier. */
export const ULA_RANDOM_BYTES = 5;
/** Prefix length of a network of ours. */
const NETWORK_PREFIX = 64;
const NETWORKS = 1 << 16;

/**
 * Make the prefix `fdXX:XXXX:XXXX::/48` of five random bytes.
 *
 * @throws {RangeError} when there are not five
 */
export function makeUlaPrefix(random: Uint8Array): IpSubnet {
  if (random.length !== ULA_RANDOM_BYTES) {
    throw new RangeError(`${random.length} bytes for a ULA prefix, ${ULA_RANDOM_BYTES} wanted`);
  }
  const prefix = [0xfd, ...random].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return ipSubnet({ family: 6, value: prefix << 80n }, 48);
}

/** The /64 number `index`, from 0, of a /48. @throws {RangeError} from 65,536 on */
export function ulaSubnet(prefix: IpSubnet, index: number): IpSubnet {
  if (!Number.isInteger(index) || index < 0 || index >= NETWORKS) {
    throw new RangeError(`network ${index} of a ULA prefix, 0 to ${NETWORKS - 1} wanted`);
  }
  return ipSubnet({ family: 6, value: prefix.first | (BigInt(index) << 64n) }, NETWORK_PREFIX);
}
