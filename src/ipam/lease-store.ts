/**
 * What {@link Ipam} needs of a store. Every call is synchronous and either did all of its work or none of it.
 *
 * @module
 */

/** One container's hold on one address. */
export interface Lease {
  network: string;
  /** Dotted-quad. */
  address: string;
  mac: string;
  containerId: string;
  /** ISO 8601. */
  since: string;
}

/** A lease as a caller of {@link LeaseStore.find} describes it: one of the three is enough. */
export type LeaseKey = { address: string } | { mac: string } | { containerId: string };

/** Where leases live. */
export interface LeaseStore {
  /** All leases of a network, in no order. */
  list(network: string): Lease[];
  find(network: string, key: LeaseKey): Lease | undefined;
  /** The address that the pool gave last; static requests do not count. */
  lastGiven(network: string): string | undefined;
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
  /** Forget a network and its leases. @throws {NetdError} STATE_WRITE_FAILED */
  forget(network: string): void;
}
