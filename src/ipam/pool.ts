/**
 * The addresses of one subnet: which mean something else, which are taken, which comes next.
 *
 * @module
 */
import { formatIpAddress, hasAddress, type IpRange, type IpSubnet } from "../address/index.ts";
import { type ErrorCode, NetdError } from "../errors.ts";
import { AddressBitmap } from "./address-bitmap.ts";
import { isInRanges, poolRanges, rangeFrom } from "./pool-ranges.ts";

/** What {@link Pool} needs besides its subnet. */
export interface PoolOptions {
  /** Address of the bridge, or of the router, never given to a container. */
  gateway?: bigint | undefined;
  /** Only these are given out unasked; none: all of the subnet. */
  ranges?: readonly IpRange[];
  /** Never given out, not even when somebody asks for one. */
  excludes?: readonly IpRange[];
  /** The address given last, from which the search goes on; absent: begin at the lowest. */
  lastGiven?: bigint | undefined;
}

type Meaning = "network" | "anycast" | "broadcast" | "gateway" | "excluded";

const REFUSALS: Record<Meaning, { code: ErrorCode; is: string }> = {
  network: { code: "IPAM_ADDRESS_IS_NETWORK", is: "the network address" },
  anycast: { code: "IPAM_ADDRESS_IS_NETWORK", is: "the anycast address of the routers" },
  broadcast: { code: "IPAM_ADDRESS_IS_BROADCAST", is: "the broadcast address" },
  gateway: { code: "IPAM_ADDRESS_IS_GATEWAY", is: "the gateway address" },
  excluded: { code: "IPAM_ADDRESS_EXCLUDED", is: "an excluded address" },
};

/**
 * Addresses of one subnet, given out in ascending order, round and round: a released address rests until the others were used.
 *
 * A /31 of IPv4 has neither network nor broadcast address (RFC 3021), a /127 of IPv6 no anycast address (RFC 6164), and a single address
 * is its own gateway.
 */
export class Pool {
  readonly subnet: IpSubnet;
  readonly gateway: bigint | undefined;
  /** How many addresses are given out unasked at most, as far as a number goes. */
  readonly capacity: number;
  /** Ascending, apart from each other, without what means something else. */
  readonly #ranges: readonly IpRange[];
  readonly #excludes: readonly IpRange[];
  readonly #taken = new AddressBitmap();
  #used = 0;
  #lastGiven: bigint | undefined;

  /** @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST: gateway or ranges can't be that. */
  constructor(subnet: IpSubnet, options: PoolOptions) {
    const { gateway, ranges = [], excludes = [], lastGiven } = options;
    this.subnet = subnet;
    this.gateway = gateway;
    if (gateway !== undefined) {
      this.#checkInside(gateway);
      const edge = edgeAt(subnet, gateway);
      if (edge !== undefined) this.#refuse(gateway, edge);
    }
    this.#excludes = excludes.length === 0 ? [] : poolRanges(subnet, { ranges: excludes, excludes: [] });
    const special = [gateway, ...edgesOf(subnet)].filter((value) => value !== undefined);
    const single = special.map((value) => ({ family: subnet.family, first: value, last: value }));
    this.#ranges = poolRanges(subnet, { ranges, excludes: [...excludes, ...single] });
    this.capacity = Number(this.#ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n));
    this.#lastGiven = lastGiven;
  }

  /** How many of the addresses that are given out unasked are taken now. */
  get used(): number {
    return this.#used;
  }

  /** The address that {@link takeNext} gave last. */
  get lastGiven(): bigint | undefined {
    return this.#lastGiven;
  }

  /** Put the search back to where it was, after what it gave was never used. */
  set lastGiven(value: bigint | undefined) {
    this.#lastGiven = value;
  }

  has(value: bigint): boolean {
    return hasAddress(this.subnet, { family: this.subnet.family, value }) && this.#taken.has(value - this.subnet.first);
  }

  /** Whether the address is one that is given out unasked. */
  isOffered(value: bigint): boolean {
    return isInRanges(this.#ranges, value);
  }

  /**
   * Take the lowest free address after the last given, or the lowest of all when none follows.
   *
   * @throws {NetdError} IPAM_POOL_EXHAUSTED
   */
  takeNext(): bigint {
    const { first, last } = this.subnet;
    const after = this.#lastGiven === undefined ? first : this.#lastGiven + 1n;
    const value = this.#free(after, last) ?? this.#free(first, after - 1n);
    if (value === undefined) {
      throw new NetdError(
        "IPAM_POOL_EXHAUSTED",
        `Cannot allocate an address in ${this.subnet.cidr}: 0 of ${this.capacity} are free`,
        {
          remedy:
            "Remove a container with 'netctl rm', see 'netctl lease ls', or use a network with a larger subnet or more ranges",
        },
      );
    }
    this.restore(value);
    this.#lastGiven = value;
    return value;
  }

  /**
   * Take the very address that somebody asked for, in the ranges or not. The search of {@link takeNext} goes on from where it was.
   *
   * @returns false when it is taken; only the store knows by whom.
   * @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY,
   * IPAM_ADDRESS_EXCLUDED
   */
  take(value: bigint): boolean {
    this.checkUsable(value);
    if (isInRanges(this.#excludes, value)) this.#refuse(value, "excluded");
    return this.restore(value);
  }

  /**
   * Refuse an address that no host can have.
   *
   * @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY
   */
  checkUsable(value: bigint): void {
    this.#checkInside(value);
    const meaning = value === this.gateway ? "gateway" : edgeAt(this.subnet, value);
    if (meaning !== undefined) this.#refuse(value, meaning);
  }

  /** Whether a host can have the address. */
  isUsable(value: bigint): boolean {
    const { family } = this.subnet;
    return (
      hasAddress(this.subnet, { family, value }) && value !== this.gateway && edgeAt(this.subnet, value) === undefined
    );
  }

  /** Take an address of the subnet whatever the ranges and excludes are now: somebody had it before. False when it is taken. */
  restore(value: bigint): boolean {
    const isNew = this.#taken.add(value - this.subnet.first);
    if (isNew && this.isOffered(value)) this.#used += 1;
    return isNew;
  }

  /** Give an address back; false when it was not taken. */
  release(value: bigint): boolean {
    const isTaken = this.has(value) && this.#taken.delete(value - this.subnet.first);
    if (isTaken && this.isOffered(value)) this.#used -= 1;
    return isTaken;
  }

  #free(from: bigint, to: bigint): bigint | undefined {
    const { first: base } = this.subnet;
    for (let index = rangeFrom(this.#ranges, from); index < this.#ranges.length; index += 1) {
      const { first, last } = this.#ranges[index]!; // index is below the length
      if (first > to) return undefined;
      const bit = this.#taken.nextAbsent((first > from ? first : from) - base, (last < to ? last : to) - base);
      if (bit !== undefined) return base + bit;
    }
    return undefined;
  }

  #checkInside(value: bigint): void {
    const { family, cidr } = this.subnet;
    if (hasAddress(this.subnet, { family, value })) return;
    throw new NetdError(
      "IPAM_ADDRESS_OUTSIDE_SUBNET",
      `Cannot use address ${formatIpAddress({ family, value })}: it is outside the subnet ${cidr}`,
      { remedy: `Give an address of ${cidr}` },
    );
  }

  #refuse(value: bigint, meaning: Meaning): never {
    const { family, cidr } = this.subnet;
    const { code, is } = REFUSALS[meaning];
    throw new NetdError(code, `Cannot use address ${formatIpAddress({ family, value })}: it is ${is} of ${cidr}`, {
      remedy: `Give another address of ${cidr}, or none to get the next free one`,
    });
  }
}

/** The gateway that a subnet gets unless told otherwise: its first address that a host can have. */
export function defaultGateway(subnet: IpSubnet): bigint {
  return edgesOf(subnet).length > 0 ? subnet.first + 1n : subnet.first;
}

/** The ends of a subnet that no host can have. */
function edgesOf({ family, prefixLength, first, last }: IpSubnet): bigint[] {
  if (family === 4) return prefixLength <= 30 ? [first, last] : [];
  return prefixLength <= 126 ? [first] : [];
}

function edgeAt(subnet: IpSubnet, value: bigint): Meaning | undefined {
  if (!edgesOf(subnet).includes(value)) return undefined;
  if (subnet.family === 6) return "anycast";
  return value === subnet.first ? "network" : "broadcast";
}
