/**
 * What {@link Ipam} needs of a store. Every call is synchronous and either did all of its work or none of it.
 *
 * @module
 */
import type { IpFamily } from "../address/index.ts";

/**
 * How the address of a lease was chosen: by the pool, by who asked for it, by a reservation, or by a reservation that came from another
 * netd's leases.
 */
export type LeaseSource = "pool" | "static" | "reservation" | "import";

/** One container's hold on one address. In one network it has at most one of each family. */
export interface Lease {
  network: string;
  /** Canonical text, of either family. */
  address: string;
  mac: string;
  containerId: string;
  /** ISO 8601. */
  since: string;
  /** Boot of the host in which it was given (random_boot_id of proc(5)). */
  bootId?: string;
  source?: LeaseSource;
}

/** An address that is kept for whichever container has a certain name. In one network a name has at most one of each family. */
export interface Reservation {
  network: string;
  /** Canonical text, of either family. */
  address: string;
  /** Name of the container, which need not exist. */
  name: string;
  /** ISO 8601. */
  since: string;
  /** MAC to go with it; absent: made from the address. */
  mac?: string;
  source: "reservation" | "import";
}

/** A lease as a caller of {@link LeaseStore.find} describes it. */
export type LeaseKey =
  | { address: string }
  | { containerId: string; family: IpFamily }
  /** One that has the MAC and is another container's. */
  | { mac: string; except: string };

/** A reservation as a caller of {@link LeaseStore.findReservation} describes it. */
export type ReservationKey = { address: string } | { name: string; family: IpFamily };

/** Where leases and reservations live. */
export interface LeaseStore {
  /** All leases by family, address and network, read bit by bit: what changes meanwhile may be among them or not. */
  list(): Iterable<Lease>;
  /** The addresses of a network's leases and reservations, in no order. */
  addresses(network: string): Iterable<string>;
  find(network: string, key: LeaseKey): Lease | undefined;
  /** All leases of a container. */
  ofContainer(containerId: string): Lease[];
  /** The address that the pool gave last; static requests do not count. */
  lastGiven(network: string, family: IpFamily): string | undefined;
  /**
   * Make a lease durable, and `lastGiven` with it when the pool chose the address.
   *
   * Durable on return, unless the caller has a transaction open: then when that commits.
   *
   * @throws {NetdError} STATE_WRITE_FAILED and nothing was stored.
   */
  insert(lease: Lease, lastGiven: string | undefined): void;
  /**
   * Delete a lease; does nothing when it is not there.
   *
   * @throws {NetdError} STATE_WRITE_FAILED and nothing was deleted.
   */
  delete(lease: Lease): void;
  /** All reservations, in the order of {@link list}. */
  listReservations(): Iterable<Reservation>;
  findReservation(network: string, key: ReservationKey): Reservation | undefined;
  /** As {@link insert}. @throws {NetdError} STATE_WRITE_FAILED and nothing was stored. */
  insertReservation(reservation: Reservation): void;
  /** As {@link delete}. @throws {NetdError} STATE_WRITE_FAILED and nothing was deleted. */
  deleteReservation(reservation: Reservation): void;
  /** Forget a network, its leases and its reservations. @throws {NetdError} STATE_WRITE_FAILED */
  forget(network: string): void;
}
