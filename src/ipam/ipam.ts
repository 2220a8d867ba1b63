/**
 * Leases and reservations: addresses that containers hold or will get, durable before anybody learns them.
 *
 * @module
 */
import {
  canonicalAddress,
  familyOf,
  formatIpAddress,
  type IpFamily,
  macOfAddress,
  parseIpAddress,
  parseMac,
} from "../address/index.ts";
import {
  addressTaken,
  familyMissing,
  leaseExists,
  macsExhausted,
  macTaken,
  networkUnknown,
  reservationExists,
} from "./ipam-errors.ts";
import type { AllocateRequest, PoolUsage, ReserveRequest } from "./ipam-requests.ts";
import type { Lease, LeaseSource, LeaseStore, Reservation } from "./lease-store.ts";
import { type IpamNetwork, makePools, type NetworkPools } from "./network-pools.ts";
import type { Pool } from "./pool.ts";

/** What {@link Ipam} gets from outside. */
export interface IpamOptions {
  now: () => Date;
  /** Name of a container for error texts; its id when absent. */
  nameOf?: ((containerId: string) => string | undefined) | undefined;
  /** Boot of the host, noted in each lease. */
  bootId?: string | undefined;
}

/** An address about to become a lease, and what is to be noted with it. */
interface Choice {
  address: string;
  source: LeaseSource;
  mac?: string | undefined;
}

/**
 * Gives addresses out and takes them back. The store is the truth; the pools in memory only know what is free.
 *
 * A caller that changes something inside a transaction of its own and then rolls back calls {@link abandon} or {@link readmit}, with
 * what it was given, so that the pools follow.
 */
export class Ipam {
  readonly #store: LeaseStore;
  readonly #options: IpamOptions;
  readonly #networks = new Map<string, NetworkPools>();

  constructor(store: LeaseStore, options: IpamOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Open a network, with the leases and reservations it has in the store; again after a change of what it has. Leases outside new ranges,
   * or in new excludes, stay: {@link strayLeases} tells them.
   *
   * @throws {NetdError} SUBNET_INVALID, ADDRESS_INVALID, MAC_INVALID, IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK,
   * IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY: the gateway, a range, or a lease of the store does not fit, and all is as before.
   */
  openNetwork(network: IpamNetwork): void {
    const opened = makePools(network, (family) => this.#store.lastGiven(network.name, family));
    for (const address of this.#store.addresses(network.name)) {
      const { family, value } = parseIpAddress(address);
      const pool = opened.pools.get(family);
      if (pool === undefined) throw familyMissing(network.name, family);
      pool.checkUsable(value);
      pool.restore(value);
    }
    this.#networks.set(network.name, opened);
  }

  /** Forget a network, and every lease and reservation in it. @throws {NetdError} STATE_WRITE_FAILED */
  closeNetwork(name: string): void {
    this.#store.forget(name);
    this.#networks.delete(name);
  }

  /**
   * Give a container its address of a family. A container that has one in this network gets the same again.
   *
   * @throws {NetdError} NETWORK_UNKNOWN, ADDRESS_INVALID, MAC_INVALID, MAC_TAKEN, IPAM_POOL_EXHAUSTED, IPAM_ADDRESS_TAKEN,
   * IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY, IPAM_ADDRESS_EXCLUDED,
   * IPAM_FAMILY_MISSING, IPAM_LEASE_EXISTS, STATE_WRITE_FAILED
   */
  allocate(request: AllocateRequest): Lease {
    const { network, containerId } = request;
    const wanted = request.address === undefined ? undefined : canonicalAddress(request.address);
    const wantedMac = request.mac === undefined ? undefined : parseMac(request.mac);
    const family = request.family ?? (wanted === undefined ? 4 : familyOf(wanted));
    const pool = this.#pool(network, family);
    const held = this.#store.find(network, { containerId, family });
    if (held !== undefined) return this.#sameLease(held, wanted, wantedMac);

    const before = pool.lastGiven;
    let choice: Choice | undefined;
    try {
      if (wantedMac !== undefined) this.#checkMac(network, wantedMac, containerId);
      choice = this.#choose(request, wanted, family);
      const mac = wantedMac ?? choice.mac ?? macOfAddress(choice.address, this.#network(network).macPrefix);
      if (mac !== wantedMac) this.#checkMac(network, mac, containerId);
      const { bootId } = this.#options;
      const lease: Lease = {
        ...{ network, address: choice.address, mac, containerId, since: this.#options.now().toISOString() },
        ...(bootId === undefined ? {} : { bootId }),
        source: choice.source,
      };
      this.#store.insert(lease, choice.source === "pool" ? lease.address : undefined);
      return lease;
    } catch (error) {
      if (choice !== undefined) this.#settle(network, choice.address);
      pool.lastGiven = before;
      throw error;
    }
  }

  /** Take an allocated lease, or a reservation, out of memory after the transaction that stored it was rolled back. */
  abandon({ network, address }: Pick<Lease, "network" | "address">): void {
    this.#settle(network, address);
    const family = familyOf(address);
    const pool = this.#networks.get(network)?.pools.get(family);
    const last = this.#store.lastGiven(network, family);
    if (pool !== undefined) pool.lastGiven = last === undefined ? undefined : parseIpAddress(last).value;
  }

  /**
   * End every lease of a container, or those in one network, and return them; none is fine.
   *
   * @throws {NetdError} STATE_WRITE_FAILED; leases not yet ended stay.
   */
  release(containerId: string, network?: string): Lease[] {
    const leases = this.#store.ofContainer(containerId);
    const ending = network === undefined ? leases : leases.filter((lease) => lease.network === network);
    for (const lease of ending) this.releaseLease(lease);
    return ending;
  }

  /** End one lease. @throws {NetdError} STATE_WRITE_FAILED, and it stays */
  releaseLease(lease: Lease): void {
    this.#store.delete(lease);
    this.#settle(lease.network, lease.address);
  }

  /** Put released leases, or reservations, back into memory after the transaction that deleted them was rolled back. */
  readmit(returned: readonly Pick<Lease, "network" | "address">[]): void {
    for (const { network, address } of returned) this.#settle(network, address);
  }

  /**
   * Keep an address for the container of a certain name, whether there is one or not: nobody else gets it.
   *
   * @throws {NetdError} NETWORK_UNKNOWN, ADDRESS_INVALID, MAC_INVALID, IPAM_FAMILY_MISSING, IPAM_ADDRESS_TAKEN, IPAM_ADDRESS_OUTSIDE_SUBNET,
   * IPAM_ADDRESS_IS_NETWORK, IPAM_ADDRESS_IS_BROADCAST, IPAM_ADDRESS_IS_GATEWAY, IPAM_ADDRESS_EXCLUDED, IPAM_RESERVATION_EXISTS,
   * STATE_WRITE_FAILED
   */
  reserve(request: ReserveRequest): Reservation {
    const { network, name, source = "reservation", since = this.#options.now().toISOString() } = request;
    const address = canonicalAddress(request.address);
    const family = familyOf(address);
    const mac = request.mac === undefined ? undefined : parseMac(request.mac);
    this.#pool(network, family);
    const known = this.#store.findReservation(network, { name, family });
    if (known?.address === address) return known;
    if (known !== undefined) throw reservationExists(known, address);
    this.#take(network, address, name);
    try {
      const reservation: Reservation = { network, address, name, since, source, ...(mac === undefined ? {} : { mac }) };
      this.#store.insertReservation(reservation);
      return reservation;
    } catch (error) {
      this.#settle(network, address);
      throw error;
    }
  }

  /** End a reservation; a container that has the address keeps it. @throws {NetdError} STATE_WRITE_FAILED */
  unreserve(reservation: Reservation): void {
    this.#store.deleteReservation(reservation);
    this.#settle(reservation.network, reservation.address);
  }

  /** All reservations, by family, address and network. */
  listReservations(): Iterable<Reservation> {
    return this.#store.listReservations();
  }

  /** The reservation of an address in a network. */
  reservationOf(network: string, address: string): Reservation | undefined {
    return this.#store.findReservation(network, { address });
  }

  /** What is reserved for a name in a network. */
  reservationFor(network: string, name: string, family: IpFamily): Reservation | undefined {
    return this.#store.findReservation(network, { name, family });
  }

  /** All leases by family, address and network, also those of networks that are not open; read bit by bit. */
  list(): Iterable<Lease> {
    return this.#store.list();
  }

  /** The lease of a container in a network. */
  find(network: string, containerId: string, family: IpFamily = 4): Lease | undefined {
    return this.#store.find(network, { containerId, family });
  }

  /** The lease of an address in a network. @throws {NetdError} ADDRESS_INVALID */
  leaseOf(network: string, address: string): Lease | undefined {
    return this.#store.find(network, { address });
  }

  /** The leases of a network that its pools would not give out unasked, and that nobody asked for: it had other ranges. */
  *strayLeases(network: string): Iterable<Lease> {
    const { pools } = this.#network(network);
    for (const lease of this.#store.list()) {
      if (lease.network !== network || lease.source === "static") continue;
      if (pools.get(familyOf(lease.address))?.isOffered(parseIpAddress(lease.address).value) === false) yield lease;
    }
  }

  /**
   * Take the next free address for a request to come, so that nobody else gets it while it is being probed: it ends as
   * {@link allocate} with `isSetAside`, as {@link occupy}, or with {@link putBack}.
   *
   * @throws {NetdError} NETWORK_UNKNOWN, IPAM_FAMILY_MISSING, IPAM_POOL_EXHAUSTED
   */
  setAside(network: string, family: IpFamily): string {
    return this.#takeNext(network, family);
  }

  /** Give back what {@link setAside} took. */
  putBack(network: string, address: string): void {
    this.#settle(network, address);
  }

  /**
   * Note that somebody outside the state has an address: it is not given out until netd starts again or {@link forgetOccupied}. `by` says
   * who, as in `a host with MAC 02:…`.
   *
   * @returns false, and nothing happens, when containers can't have it or one has a lease of it
   */
  occupy(network: string, address: string, by: string): boolean {
    const { pools, occupied } = this.#network(network);
    const { family, value } = parseIpAddress(address);
    const pool = pools.get(family);
    if (pool === undefined || !pool.isUsable(value)) return false;
    const canonical = formatIpAddress({ family, value });
    if (this.#store.find(network, { address: canonical }) !== undefined) return false;
    occupied.set(canonical, by);
    pool.restore(value);
    return true;
  }

  /** Forget what {@link occupy} noted, of one address or of all. */
  forgetOccupied(network: string, address?: string): void {
    const { occupied } = this.#network(network);
    for (const known of address === undefined ? [...occupied.keys()] : [canonicalAddress(address)]) {
      if (occupied.delete(known)) this.#settle(network, known);
    }
  }

  /** How full a network is; nothing at all when it has no subnet of that family. @throws {NetdError} NETWORK_UNKNOWN */
  usage(network: string, family: IpFamily = 4): PoolUsage {
    const pool = this.#network(network).pools.get(family);
    return { total: pool?.capacity ?? 0, used: pool?.used ?? 0 };
  }

  #network(name: string): NetworkPools {
    const network = this.#networks.get(name);
    if (network !== undefined) return network;
    throw networkUnknown(name);
  }

  #pool(network: string, family: IpFamily): Pool {
    const pool = this.#network(network).pools.get(family);
    if (pool === undefined) throw familyMissing(network, family);
    return pool;
  }

  #choose({ network, name, isSetAside }: AllocateRequest, wanted: string | undefined, family: IpFamily): Choice {
    if (wanted !== undefined && isSetAside === true) return { address: wanted, source: "pool" };
    if (wanted !== undefined) {
      this.#take(network, wanted, name);
      return { address: wanted, source: "static" };
    }
    const reservation = name === undefined ? undefined : this.#store.findReservation(network, { name, family });
    if (reservation === undefined) return { address: this.#takeNext(network, family), source: "pool" };
    this.#take(network, reservation.address, name);
    return { address: reservation.address, source: reservation.source, mac: reservation.mac };
  }

  /** Take the next free address whose own MAC nobody asked for by hand: with it, two containers would share one. */
  #takeNext(network: string, family: IpFamily): string {
    const pool = this.#pool(network, family);
    const { macPrefix } = this.#network(network);
    const before = pool.lastGiven;
    const passedOver: bigint[] = [];
    // As many as there are MACs behind the prefix: then the network has them all.
    const most = 256 ** (6 - (macPrefix?.split(":").length ?? 2));
    try {
      while (passedOver.length < most) {
        const value = pool.takeNext();
        const address = formatIpAddress({ family, value });
        const mac = macOfAddress(address, macPrefix);
        if (this.#store.find(network, { mac, except: "" }) === undefined) return address;
        passedOver.push(value);
      }
      throw macsExhausted(pool.subnet.cidr, macPrefix, most);
    } catch (error) {
      pool.lastGiven = before;
      throw error;
    } finally {
      for (const value of passedOver) pool.release(value);
    }
  }

  /** Take a certain address for the container, or the reservation, of a name. */
  #take(network: string, address: string, name: string | undefined): void {
    const { value, family } = parseIpAddress(address);
    const pool = this.#pool(network, family);
    if (pool.take(value)) return;
    const lease = this.#store.find(network, { address });
    const isOwn = lease !== undefined && name !== undefined && this.#nameOf(lease) === name;
    const reservation = this.#store.findReservation(network, { address });
    if (lease === undefined ? reservation !== undefined && reservation.name === name : isOwn) return;
    throw addressTaken(address, pool.subnet.cidr, {
      container: lease === undefined ? undefined : this.#nameOf(lease),
      reservation,
      occupant: this.#network(network).occupied.get(address),
    });
  }

  /** Have the pool agree with the store about one address. */
  #settle(network: string, address: string): void {
    const { family, value } = parseIpAddress(address);
    const opened = this.#networks.get(network);
    const pool = opened?.pools.get(family);
    if (pool === undefined) return;
    const isHeld =
      opened?.occupied.has(address) ||
      this.#store.find(network, { address }) !== undefined ||
      this.#store.findReservation(network, { address }) !== undefined;
    if (isHeld) pool.restore(value);
    else pool.release(value);
  }

  #checkMac(network: string, mac: string, containerId: string): void {
    const isGateway = this.#network(network).gatewayMacs.includes(mac);
    const lease = this.#store.find(network, { mac, except: containerId });
    if (lease === undefined && !isGateway) return;
    const holder = isGateway ? "the bridge" : `container '${this.#nameOf(lease)}'`;
    throw macTaken(mac, network, holder);
  }

  #sameLease(held: Lease, address: string | undefined, mac: string | undefined): Lease {
    if ((address ?? held.address) === held.address && (mac ?? held.mac) === held.mac) return held;
    throw leaseExists(held, this.#nameOf(held));
  }

  #nameOf(lease: Lease | undefined): string {
    if (lease === undefined) return "unknown";
    return this.#options.nameOf?.(lease.containerId) ?? lease.containerId.slice(0, 12);
  }
}
