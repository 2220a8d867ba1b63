/**
 * What `Ipam` is asked for.
 *
 * @module
 */
import type { IpFamily } from "../address/index.ts";
import type { Reservation } from "./lease-store.ts";

/** Who wants an address, and which. */
export interface AllocateRequest {
  network: string;
  containerId: string;
  /** Name of the container: it gets what is reserved for that name. */
  name?: string | undefined;
  /** Absent: that of `address`, or IPv4. */
  family?: IpFamily | undefined;
  /** A certain address; absent: the reserved one, or the next free one. */
  address?: string | undefined;
  /** `address` is one that `Ipam.setAside` took for this request out of the pool. */
  isSetAside?: boolean | undefined;
  /** A certain MAC; absent: made from the address. */
  mac?: string | undefined;
}

/** What is to be reserved. */
export interface ReserveRequest {
  network: string;
  address: string;
  /** Name of the container that it is for; there may be none of that name. */
  name: string;
  mac?: string | undefined;
  source?: Reservation["source"];
  /** ISO 8601; default now. */
  since?: string;
}

/** How full a pool is. */
export interface PoolUsage {
  /** Addresses that are given out unasked, as far as a number goes. */
  total: number;
  /** How many of those are taken or reserved. */
  used: number;
}
