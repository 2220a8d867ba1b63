/**
 * Leases: addresses that containers hold, durable before anybody learns them.
 *
 * @module
 */
import { formatIpv4, macOfIpv4, parseIpv4, parseMac, type Subnet } from "../address/index.ts";
import { NetdError } from "../errors.ts";
import type { Lease, LeaseStore } from "./lease-store.ts";
import { Pool } from "./pool.ts";

/** What {@link Ipam} gets from outside. */
export interface IpamOptions {
  now: () => Date;
  /** Name of a container for error texts; its id when absent. */
  nameOf?: ((containerId: string) => string | undefined) | undefined;
}

/** A network as far as addresses go. */
export interface IpamNetwork {
  name: string;
  subnet: Subnet;
  gateway: number;
}

/** Who wants an address, and which. */
export interface AllocateRequest {
  network: string;
  containerId: string;
  /** A certain address; absent: the next free one. */
  address?: string | undefined;
  /** A certain MAC; absent: made from the address. */
  mac?: string | undefined;
}

/** How full a pool is. */
export interface PoolUsage {
  total: number;
  used: number;
}

/**
 * Gives addresses out and takes them back. The store is the truth; the pools in memory only know what is free.
 *
 * A caller that allocates or releases inside a transaction of its own and then rolls back calls {@link abandon} or {@link readmit},
 * with what it was given, so that the pools follow.
 */
export class Ipam {
  readonly #store: LeaseStore;
  readonly #options: IpamOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(store: LeaseStore, options: IpamOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Open a network, with the leases it has in the store; again after a change of subnet or gateway.
   *
   * @throws {NetdError} IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY:
   * the gateway, or a lease of the store, does not fit.
   */
  openNetwork(network: IpamNetwork): void {
    const lastGiven = this.#store.lastGiven(network.name);
    const pool = new Pool(network.subnet, {
      gateway: network.gateway,
      lastGiven: lastGiven === undefined ? undefined : parseIpv4(lastGiven),
    });
    for (const lease of this.#store.list(network.name)) pool.take(parseIpv4(lease.address));
    this.#pools.set(network.name, pool);
  }

  /** Forget a network and every lease in it. @throws {NetdError} STATE_WRITE_FAILED */
  deleteNetwork(name: string): void {
    this.#store.forget(name);
    this.#pools.delete(name);
  }

  /**
   * Give a container its address. A container that has one in this network gets the same again.
   *
   * @throws {NetdError} NETWORK_UNKNOWN, ADDRESS_INVALID, MAC_INVALID, MAC_TAKEN, IPAM_POOL_EXHAUSTED, IPAM_ADDRESS_TAKEN,
   * IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY, IPAM_LEASE_EXISTS,
   * STATE_WRITE_FAILED
   */
  allocate(request: AllocateRequest): Lease {
    const pool = this.#pool(request.network);
    const wantedMac = request.mac === undefined ? undefined : parseMac(request.mac);
    const wanted = request.address === undefined ? undefined : parseIpv4(request.address);
    const held = this.#store.find(request.network, { containerId: request.containerId });
    if (held !== undefined) return this.#sameLease(held, request.address, wantedMac);
    if (wantedMac !== undefined) this.#checkMac(request.network, wantedMac);

    const before = pool.lastGiven;
    const address =
      wanted === undefined ? this.#takeNext(request.network, pool) : this.#take(request.network, pool, wanted);
    try {
      const mac = wantedMac ?? macOfIpv4(formatIpv4(address));
      if (wantedMac === undefined) this.#checkMac(request.network, mac);
      const lease: Lease = {
        network: request.network,
        address: formatIpv4(address),
        mac,
        containerId: request.containerId,
        since: this.#options.now().toISOString(),
      };
      this.#store.insert(lease, wanted === undefined ? lease.address : undefined);
      return lease;
    } catch (error) {
      pool.release(address);
      pool.lastGiven = before;
      throw error;
    }
  }

  /** Take an allocated lease out of memory after the transaction that stored it was rolled back. */
  abandon(lease: Lease): void {
    const pool = this.#pools.get(lease.network);
    if (pool === undefined || this.#store.find(lease.network, { address: lease.address }) !== undefined) return;
    pool.release(parseIpv4(lease.address));
    const lastGiven = this.#store.lastGiven(lease.network);
    pool.lastGiven = lastGiven === undefined ? pool.subnet.last : parseIpv4(lastGiven);
  }

  /**
   * End every lease of a container and return them; none is fine.
   *
   * @throws {NetdError} STATE_WRITE_FAILED; leases not yet ended stay.
   */
  release(containerId: string): Lease[] {
    const released: Lease[] = [];
    for (const [network, pool] of this.#pools) {
      const lease = this.#store.find(network, { containerId });
      if (lease === undefined) continue;
      this.#store.delete(lease);
      pool.release(parseIpv4(lease.address));
      released.push(lease);
    }
    return released;
  }

  /** Put released leases back into memory after the transaction that deleted them was rolled back. */
  readmit(leases: readonly Lease[]): void {
    for (const lease of leases) this.#pools.get(lease.network)?.take(parseIpv4(lease.address));
  }

  /** All leases of all networks, by address. */
  list(): Lease[] {
    return [...this.#pools.keys()]
      .flatMap((network) => this.#store.list(network))
      .map((lease) => ({ lease, order: parseIpv4(lease.address) }))
      .sort((a, b) => a.order - b.order)
      .map(({ lease }) => lease);
  }

  /** The lease of a container in a network. */
  find(network: string, containerId: string): Lease | undefined {
    return this.#store.find(network, { containerId });
  }

  /** @throws {NetdError} NETWORK_UNKNOWN */
  usage(network: string): PoolUsage {
    const pool = this.#pool(network);
    return { total: pool.capacity, used: pool.used };
  }

  #pool(network: string): Pool {
    const pool = this.#pools.get(network);
    if (pool !== undefined) return pool;
    throw new NetdError("NETWORK_UNKNOWN", `Cannot use network '${network}': there is none of that name`, {
      remedy: "See the networks with 'netctl net ls'",
    });
  }

  /** Take the next free address whose own MAC nobody asked for by hand: with it, two containers would share one. */
  #takeNext(network: string, pool: Pool): number {
    const before = pool.lastGiven;
    const passedOver: number[] = [];
    try {
      for (;;) {
        const address = pool.takeNext();
        if (this.#store.find(network, { mac: macOfIpv4(formatIpv4(address)) }) === undefined) return address;
        passedOver.push(address);
      }
    } catch (error) {
      pool.lastGiven = before;
      throw error;
    } finally {
      for (const address of passedOver) pool.release(address);
    }
  }

  #take(network: string, pool: Pool, address: number): number {
    if (pool.take(address)) return address;
    const holder = this.#store.find(network, { address: formatIpv4(address) });
    throw new NetdError(
      "IPAM_ADDRESS_TAKEN",
      `Cannot allocate address ${formatIpv4(address)} in ${pool.subnet.cidr}: container '${this.#nameOf(holder)}' has it`,
      { remedy: "Give another address, or remove that container with 'netctl rm'" },
    );
  }

  #checkMac(network: string, mac: string): void {
    const isGateway = mac === macOfIpv4(formatIpv4(this.#pool(network).gateway));
    const lease = this.#store.find(network, { mac });
    if (lease === undefined && !isGateway) return;
    const holder = isGateway ? "the bridge" : `container '${this.#nameOf(lease)}'`;
    throw new NetdError("MAC_TAKEN", `Cannot use MAC address ${mac} in network '${network}': ${holder} has it`, {
      remedy: "Give another MAC address, or none to have it made from the IP address",
    });
  }

  #sameLease(held: Lease, address: string | undefined, mac: string | undefined): Lease {
    if ((address ?? held.address) === held.address && (mac ?? held.mac) === held.mac) return held;
    throw new NetdError(
      "IPAM_LEASE_EXISTS",
      `Cannot give container '${this.#nameOf(held)}' another address: it has ${held.address} (${held.mac}) in network '${held.network}'`,
      { remedy: "Remove the container and create it again with the address wanted" },
    );
  }

  #nameOf(lease: Lease | undefined): string {
    if (lease === undefined) return "unknown";
    return this.#options.nameOf?.(lease.containerId) ?? lease.containerId.slice(0, 12);
  }
}
