import { addressBits, familyOf, type IpFamily, parseIpAddress } from "../../src/address/index.ts";
import { NetdError } from "../../src/errors.ts";
import type { Lease, LeaseKey, LeaseStore, Reservation, ReservationKey } from "../../src/ipam/index.ts";

interface Contents {
  leases: Lease[];
  reservations: Reservation[];
  cursors: Map<string, string>;
}

/** Leases in memory, with transactions and failures on request. */
export class MemoryLeaseStore implements LeaseStore {
  /** Let every write fail, as on a full disk. */
  isFailing = false;
  #now: Contents = { leases: [], reservations: [], cursors: new Map() };
  #saved: Contents | undefined;

  begin(): void {
    const { leases, reservations, cursors } = this.#now;
    this.#saved = { leases: [...leases], reservations: [...reservations], cursors: new Map(cursors) };
  }

  rollback(): void {
    this.#now = this.#saved!; // begin() came before
  }

  list(): Lease[] {
    return this.#now.leases.toSorted(byPlace);
  }

  addresses(network: string): string[] {
    const { leases, reservations } = this.#now;
    return [...leases, ...reservations].filter((held) => held.network === network).map(({ address }) => address);
  }

  find(network: string, key: LeaseKey): Lease | undefined {
    return this.#now.leases.find((lease) => {
      if (lease.network !== network) return false;
      if ("address" in key) return lease.address === key.address;
      if ("mac" in key) return lease.mac === key.mac && lease.containerId !== key.except;
      return lease.containerId === key.containerId && familyOf(lease.address) === key.family;
    });
  }

  ofContainer(containerId: string): Lease[] {
    return this.#now.leases.filter((lease) => lease.containerId === containerId);
  }

  lastGiven(network: string, family: IpFamily): string | undefined {
    return this.#now.cursors.get(`${network} ${family}`);
  }

  insert(lease: Lease, lastGiven: string | undefined): void {
    this.#write();
    this.#now.leases.push(lease);
    if (lastGiven !== undefined) this.#now.cursors.set(`${lease.network} ${familyOf(lastGiven)}`, lastGiven);
  }

  delete(lease: Lease): void {
    this.#write();
    this.#now.leases = this.#now.leases.filter((other) => !isSamePlace(lease, other));
  }

  listReservations(): Reservation[] {
    return this.#now.reservations.toSorted(byPlace);
  }

  findReservation(network: string, key: ReservationKey): Reservation | undefined {
    return this.#now.reservations.find(
      (known) =>
        known.network === network &&
        ("address" in key
          ? known.address === key.address
          : known.name === key.name && familyOf(known.address) === key.family),
    );
  }

  insertReservation(reservation: Reservation): void {
    this.#write();
    this.#now.reservations.push(reservation);
  }

  deleteReservation(reservation: Reservation): void {
    this.#write();
    this.#now.reservations = this.#now.reservations.filter((other) => !isSamePlace(reservation, other));
  }

  forget(network: string): void {
    this.#write();
    const { leases, reservations, cursors } = this.#now;
    this.#now = {
      leases: leases.filter((lease) => lease.network !== network),
      reservations: reservations.filter((known) => known.network !== network),
      cursors: new Map([...cursors].filter(([key]) => !key.startsWith(`${network} `))),
    };
  }

  #write(): void {
    if (this.isFailing) throw new NetdError("STATE_WRITE_FAILED", "Cannot write: disk full");
  }
}

function isSamePlace(a: Lease | Reservation, b: Lease | Reservation): boolean {
  return a.network === b.network && a.address === b.address;
}

function byPlace(a: Lease | Reservation, b: Lease | Reservation): number {
  return orderOf(a) < orderOf(b) ? -1 : 1;
}

function orderOf({ address, network }: Lease | Reservation): string {
  const { family, value } = parseIpAddress(address);
  return `${family} ${value.toString(16).padStart(addressBits(family) / 4, "0")} ${network}`;
}
