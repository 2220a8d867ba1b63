/**
 * The addresses of one subnet: which are reserved, which are taken, which comes next.
 *
 * @module
 */
import { formatIpv4, isInSubnet, type Subnet } from "../address/index.ts";
import { type ErrorCode, NetdError } from "../errors.ts";
import { AddressBitmap } from "./address-bitmap.ts";

/** What {@link Pool} needs besides its subnet. */
export interface PoolOptions {
  /** Address of the bridge, never given to a container. */
  gateway: number;
  /** The address given last, from which the search goes on; absent: begin at the lowest. */
  lastGiven?: number | undefined;
}

type Reserved = "network" | "broadcast" | "gateway";

const RESERVED_CODE: Record<Reserved, ErrorCode> = {
  network: "IPAM_ADDRESS_IS_NETWORK",
  broadcast: "IPAM_ADDRESS_IS_BROADCAST",
  gateway: "IPAM_ADDRESS_IS_GATEWAY",
};

/**
 * Addresses of one subnet, given out in ascending order, round and round: a released address rests until the others were used.
 *
 * A /31 has neither network nor broadcast address (RFC 3021), and a /32 is its own gateway.
 */
export class Pool {
  readonly subnet: Subnet;
  readonly gateway: number;
  /** How many addresses containers can have at most. */
  readonly capacity: number;
  readonly #taken = new AddressBitmap();
  #used = 0;
  #lastGiven: number;

  /** @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST: the gateway can't be that. */
  constructor(subnet: Subnet, options: PoolOptions) {
    this.subnet = subnet;
    this.gateway = options.gateway;
    this.#checkInside(options.gateway);
    const reserved = this.#edgeAt(options.gateway);
    if (reserved !== undefined) this.#refuse(options.gateway, reserved);
    this.capacity = subnet.last - subnet.first + 1 - (hasEdges(subnet) ? 3 : 1);
    this.#lastGiven = options.lastGiven ?? subnet.last;
  }

  /** How many addresses are taken now. */
  get used(): number {
    return this.#used;
  }

  /** The address that {@link takeNext} gave last, or the last of the subnet before there was one. */
  get lastGiven(): number {
    return this.#lastGiven;
  }

  /** Put the search back to where it was, after what it gave was never used. */
  set lastGiven(address: number) {
    this.#lastGiven = address;
  }

  has(address: number): boolean {
    return isInSubnet(address, this.subnet) && this.#taken.has(address - this.subnet.first);
  }

  /**
   * Take the lowest free address after the last given, or the lowest of all when none follows.
   *
   * @throws {NetdError} IPAM_POOL_EXHAUSTED
   */
  takeNext(): number {
    const { first, last } = this.subnet;
    const after = isInSubnet(this.#lastGiven, this.subnet) ? this.#lastGiven + 1 : first;
    const address = this.#free(after, last) ?? this.#free(first, after - 1);
    if (address === undefined) {
      throw new NetdError(
        "IPAM_POOL_EXHAUSTED",
        `Cannot allocate an address in ${this.subnet.cidr}: 0 of ${this.capacity} are free`,
        { remedy: "Remove a container with 'netctl rm', or start netd with a larger --subnet" },
      );
    }
    this.#add(address);
    this.#lastGiven = address;
    return address;
  }

  /**
   * Take the very address that somebody asked for. The search of {@link takeNext} goes on from where it was.
   *
   * @returns false when it is taken; only the store knows by whom.
   * @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY
   */
  take(address: number): boolean {
    this.#checkInside(address);
    const reserved = address === this.gateway ? "gateway" : this.#edgeAt(address);
    if (reserved !== undefined) this.#refuse(address, reserved);
    return this.#add(address);
  }

  /** Give an address back; false when it was not taken. */
  release(address: number): boolean {
    const isTaken = this.has(address) && this.#taken.delete(address - this.subnet.first);
    if (isTaken) this.#used -= 1;
    return isTaken;
  }

  #add(address: number): boolean {
    const isNew = this.#taken.add(address - this.subnet.first);
    if (isNew) this.#used += 1;
    return isNew;
  }

  #free(from: number, to: number): number | undefined {
    const { first } = this.subnet;
    for (let at = from; at <= to; at += 1) {
      const bit = this.#taken.nextAbsent(at - first, to - first);
      if (bit === undefined) return undefined;
      at = bit + first;
      if (at !== this.gateway && this.#edgeAt(at) === undefined) return at;
    }
    return undefined;
  }

  #edgeAt(address: number): Reserved | undefined {
    if (!hasEdges(this.subnet)) return undefined;
    if (address === this.subnet.first) return "network";
    return address === this.subnet.last ? "broadcast" : undefined;
  }

  #checkInside(address: number): void {
    if (isInSubnet(address, this.subnet)) return;
    throw new NetdError(
      "IPAM_ADDRESS_OUTSIDE_SUBNET",
      `Cannot use address ${formatIpv4(address)}: it is outside the subnet ${this.subnet.cidr}`,
      { remedy: `Give an address of ${this.subnet.cidr}` },
    );
  }

  #refuse(address: number, reserved: Reserved): never {
    throw new NetdError(
      RESERVED_CODE[reserved],
      `Cannot use address ${formatIpv4(address)}: it is the ${reserved} address of ${this.subnet.cidr}`,
      { remedy: `Give another address of ${this.subnet.cidr}, or none to get the next free one` },
    );
  }
}

/** The gateway that a subnet gets unless told otherwise: its first address that a host can have. */
export function defaultGateway(subnet: Subnet): number {
  return hasEdges(subnet) ? subnet.first + 1 : subnet.first;
}

/** Whether the first and last addresses mean the network and everybody in it (RFC 3021: not in a /31). */
function hasEdges(subnet: Subnet): boolean {
  return subnet.prefixLength <= 30;
}
