/**
 * Leases and reservations as the API shows them.
 *
 * @module
 */

import { addressBits, parseIpAddress } from "../../address/index.ts";
import type { LeaseInfo } from "../../api/index.ts";
import type { Lease, Reservation } from "../../ipam/index.ts";
import { shownState } from "../container.ts";
import type { DaemonContext } from "../context.ts";

/** Show a lease. */
export function showLease(
  { containers, ipam }: DaemonContext,
  lease: Lease,
  isReserved = ipam.reservationOf(lease.network, lease.address) !== undefined,
): LeaseInfo {
  const owner = containers.byId(lease.containerId);
  const endpoint = owner?.endpoints.find(({ row: { network } }) => network === lease.network);
  const { address, mac, containerId, network, since, source, bootId } = lease;
  return {
    ...{ address, mac, container: owner?.row.name ?? containerId.slice(0, 12), containerId, network },
    ...(endpoint === undefined ? {} : { interface: endpoint.row.interface }),
    hostInterface: endpoint?.hostInterface ?? "",
    state: owner === undefined || endpoint === undefined ? "gone" : shownState(owner.row),
    since,
    ...(source === undefined ? {} : { source }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(isReserved ? { reserved: true } : {}),
  };
}

/** Show a reservation of which nobody has the address. */
export function showReservation({ network, address, name, since, mac = "", source }: Reservation): LeaseInfo {
  return {
    ...{ address, mac, container: name, containerId: "", network, hostInterface: "" },
    ...{ state: "reserved", since, source, reserved: true },
  };
}

/**
 * Whether nobody can have a lease any more: its container is not in the state, or has no place in the lease's network.
 *
 * This is proof, because leases come and go in one transaction with the definitions that they belong to. That a container does not run, or
 * that the host was booted since, proves nothing: it keeps its address.
 */
export function isStale({ containers, store }: DaemonContext, lease: Lease): boolean {
  const owner = containers.byId(lease.containerId);
  // A container that could not be read at start is not among the others, and is still in the state.
  if (owner === undefined) return !store.hasContainer(lease.containerId);
  return !owner.row.endpoints.some(({ network }) => network === lease.network);
}

/** Leases and reservations by family, address and network; a reserved address that is leased comes once, as its lease. */
export function* listHeld(context: DaemonContext): Generator<LeaseInfo, void> {
  const reservations = context.ipam.listReservations()[Symbol.iterator]();
  let reservation = reservations.next();
  for (const lease of context.ipam.list()) {
    const key = orderOf(lease);
    let isReserved = false;
    for (; reservation.done !== true && orderOf(reservation.value) <= key; reservation = reservations.next()) {
      isReserved = orderOf(reservation.value) === key;
      if (!isReserved) yield showReservation(reservation.value);
    }
    yield showLease(context, lease, isReserved);
  }
  for (; reservation.done !== true; reservation = reservations.next()) yield showReservation(reservation.value);
}

function orderOf({ address, network }: Pick<Lease, "address" | "network">): string {
  const { family, value } = parseIpAddress(address);
  return `${family} ${value.toString(16).padStart(addressBits(family) / 4, "0")} ${network}`;
}
