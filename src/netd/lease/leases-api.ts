/**
 * What the API does with leases and reservations.
 *
 * @module
 */
import { canonicalAddress } from "../../address/index.ts";
import type { ImportedLeases, LeaseDocument, LeaseInfo, ReleaseSpec, ReservationSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Lease, Reservation } from "../../ipam/index.ts";
import { checkContainerName } from "../container-name.ts";
import type { DaemonContext } from "../context.ts";
import { DEFAULT_NETWORK } from "../network/network-row.ts";
import { collectLeases, endLeases, inTurns } from "./collect-leases.ts";
import { importLeases } from "./import-leases.ts";
import { occupyKernelAddresses } from "./kernel-addresses.ts";
import { isStale, listHeld, showLease, showReservation } from "./lease-info.ts";

/** Which leases {@link LeasesApi.list} gives. */
export interface LeaseListOptions {
  /** Only those that nobody can have any more. */
  isStale: boolean;
}

/** Lists, reserves, releases, exports and imports. */
export class LeasesApi {
  readonly #context: DaemonContext;
  /** Imports wait for each other. */
  #importing: Promise<unknown> = Promise.resolve();

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** All leases and reservations by address, read bit by bit; others get their turn meanwhile. */
  async *list(options: LeaseListOptions): AsyncGenerator<LeaseInfo, void> {
    if (!options.isStale) {
      yield* inTurns(listHeld(this.#context));
      return;
    }
    for await (const lease of inTurns(this.#context.ipam.list())) {
      if (isStale(this.#context, lease)) yield showLease(this.#context, lease);
    }
  }

  /** Keep an address for a container's name. @throws {NetdError} CONTAINER_NAME_INVALID, NETWORK_UNKNOWN and as `Ipam.reserve` */
  reserve({ name, address, network = DEFAULT_NETWORK }: ReservationSpec): LeaseInfo {
    const { ipam, networks } = this.#context;
    const reservation = ipam.reserve({ name: checkContainerName(name), address, network: networks.find(network).name });
    const lease = ipam.leaseOf(reservation.network, reservation.address);
    return lease === undefined ? showReservation(reservation) : showLease(this.#context, lease);
  }

  /**
   * End reservations, named by their address or by their container; or the lease of a container that is gone, by its address. A container
   * that has a reserved address keeps it.
   *
   * @throws {NetdError} LEASE_UNKNOWN, LEASE_IN_USE: its container is there; NETWORK_UNKNOWN
   */
  release({ target, network }: ReleaseSpec): LeaseInfo[] {
    const { ipam, networks } = this.#context;
    const names = network === undefined ? [...networks].map(({ name }) => name) : [networks.find(network).name];
    const address = readAddress(target);
    const reservations = names.flatMap((name) =>
      address === undefined
        ? [ipam.reservationFor(name, target, 4), ipam.reservationFor(name, target, 6)]
        : [ipam.reservationOf(name, address)],
    );
    const leases = address === undefined ? [] : names.map((name) => ipam.leaseOf(name, address));
    const found = { reservations: reservations.filter(isThere), leases: leases.filter(isThere) };
    this.#checkOne(target, found);
    if (found.reservations.length > 0) return this.#unreserve(found.reservations);
    return found.leases.map((lease) => this.#releaseLease(lease));
  }

  /** End the leases that nobody can have any more, and look again at which addresses strangers have. */
  async collect(): Promise<LeaseInfo[]> {
    occupyKernelAddresses(this.#context);
    return await collectLeases(this.#context);
  }

  /** All leases and reservations as a document, in pieces of text. Leases of containers that are gone are not in it. */
  async *export(): AsyncGenerator<string, void> {
    const { ipam } = this.#context;
    yield '{"version":1,"reservations":[';
    yield* joinJson(ipam.listReservations(), ({ network, address, name, mac }) => ({
      ...{ network, address, name },
      ...(mac === undefined ? {} : { mac }),
    }));
    yield '],"leases":[';
    yield* joinJson(ipam.list(), (lease) => {
      if (isStale(this.#context, lease)) return undefined;
      const { network, address, mac, since } = lease;
      return { network, address, mac, container: showLease(this.#context, lease).container, since };
    });
    yield "]}\n";
  }

  /** Take over a document, all of it or nothing. @throws {NetdError} LEASE_IMPORT_CONFLICT naming the conflicts, STATE_WRITE_FAILED */
  async import(document: LeaseDocument): Promise<ImportedLeases> {
    const turn = this.#importing.then(async () => await importLeases(this.#context, document));
    this.#importing = turn.catch(() => {});
    return await turn;
  }

  #checkOne(target: string, { reservations, leases }: { reservations: Reservation[]; leases: Lease[] }): void {
    const networks = new Set([...reservations, ...leases].map(({ network }) => network));
    if (networks.size === 1) return;
    if (networks.size > 1) {
      throw new NetdError(
        "LEASE_UNKNOWN",
        `Cannot tell which lease '${target}' is: networks ${[...networks].join(", ")} have one, one network wanted`,
        { remedy: "Name the network with --network" },
      );
    }
    throw new NetdError("LEASE_UNKNOWN", `Cannot release '${target}': there is no lease or reservation of it`, {
      remedy: "See the leases and reservations with 'netctl lease ls'",
    });
  }

  #unreserve(reservations: Reservation[]): LeaseInfo[] {
    const { store, ipam } = this.#context;
    try {
      store.transact("reservations", () => {
        for (const reservation of reservations) ipam.unreserve(reservation);
      });
    } catch (error) {
      ipam.readmit(reservations);
      throw error;
    }
    return reservations.map(showReservation);
  }

  #releaseLease(lease: Lease): LeaseInfo {
    if (isStale(this.#context, lease)) return endLeases(this.#context, [lease])[0]!; // one went in
    const { container, state, network, address } = showLease(this.#context, lease);
    throw new NetdError(
      "LEASE_IN_USE",
      `Cannot release ${address}: container '${container}' (${state}) has it, one that is gone wanted`,
      { remedy: `Remove it with 'netctl rm ${container}', or 'netctl net disconnect ${network} ${container}'` },
    );
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** The address that a target is, or undefined when it is a name. */
function readAddress(target: string): string | undefined {
  try {
    return canonicalAddress(target);
  } catch {
    return undefined;
  }
}

/** Elements of a JSON array, without its brackets; what is shown as undefined is left out. */
async function* joinJson<T>(items: Iterable<T>, show: (item: T) => unknown): AsyncGenerator<string, void> {
  let separator = "\n";
  for await (const item of inTurns(items)) {
    const shown = show(item);
    if (shown === undefined) continue;
    yield `${separator}${JSON.stringify(shown)}`;
    separator = ",\n";
  }
}
