import { NetdError } from "../../src/errors.ts";
import type { Lease, LeaseKey, LeaseStore } from "../../src/ipam/index.ts";

/** Leases in memory, with transactions and failures on request. */
export class MemoryLeaseStore implements LeaseStore {
  /** Let every write fail, as on a full disk. */
  isFailing = false;
  #leases: Lease[] = [];
  #cursors = new Map<string, string>();
  #saved: { leases: Lease[]; cursors: Map<string, string> } | undefined;

  begin(): void {
    this.#saved = { leases: [...this.#leases], cursors: new Map(this.#cursors) };
  }

  rollback(): void {
    this.#leases = this.#saved!.leases;
    this.#cursors = this.#saved!.cursors;
  }

  list(network: string): Lease[] {
    return this.#leases.filter((lease) => lease.network === network);
  }

  find(network: string, key: LeaseKey): Lease | undefined {
    return this.list(network).find((lease) => Object.entries(key).every(([k, v]) => lease[k as keyof Lease] === v));
  }

  lastGiven(network: string): string | undefined {
    return this.#cursors.get(network);
  }

  insert(lease: Lease, lastGiven: string | undefined): void {
    this.#write();
    this.#leases.push(lease);
    if (lastGiven !== undefined) this.#cursors.set(lease.network, lastGiven);
  }

  delete(lease: Lease): void {
    this.#write();
    this.#leases = this.#leases.filter((other) => other.network !== lease.network || other.address !== lease.address);
  }

  forget(network: string): void {
    this.#write();
    this.#leases = this.#leases.filter((lease) => lease.network !== network);
    this.#cursors.delete(network);
  }

  #write(): void {
    if (this.isFailing) throw new NetdError("STATE_WRITE_FAILED", "Cannot write: disk full");
  }
}
