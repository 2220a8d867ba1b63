/**
 * What {@link Ipam} says when it refuses.
 *
 * @module
 */
import type { IpFamily } from "../address/index.ts";
import { NetdError } from "../errors.ts";
import type { Lease, Reservation } from "./lease-store.ts";

/** Who has an address, as far as one of these is known. */
export interface AddressHolder {
  /** Name of the container with the lease. */
  container?: string | undefined;
  reservation?: Reservation | undefined;
  /** Somebody outside the state, in words. */
  occupant?: string | undefined;
}

/** The address is somebody else's. */
export function addressTaken(address: string, cidr: string, holder: AddressHolder): NetdError {
  const { container, reservation, occupant = "a container that is being created" } = holder;
  const [who, remedy] =
    container !== undefined
      ? [`container '${container}' has it`, "remove that container with 'netctl rm'"]
      : reservation !== undefined
        ? [`it is reserved for '${reservation.name}'`, `release it with 'netctl lease release ${address}'`]
        : [`${occupant} has it`, "free it there and run 'netctl lease collect'"];
  return new NetdError("IPAM_ADDRESS_TAKEN", `Cannot allocate address ${address} in ${cidr}: ${who}`, {
    remedy: `Give another address, or ${remedy}`,
  });
}

/** The MAC is somebody else's. */
export function macTaken(mac: string, network: string, holder: string): NetdError {
  return new NetdError("MAC_TAKEN", `Cannot use MAC address ${mac} in network '${network}': ${holder} has it`, {
    remedy: "Give another MAC address, or none to have it made from the IP address",
  });
}

/** No MAC is left behind a long prefix. */
export function macsExhausted(cidr: string, prefix: string | undefined, count: number): NetdError {
  return new NetdError(
    "IPAM_POOL_EXHAUSTED",
    `Cannot allocate an address in ${cidr}: all ${count} MAC addresses that begin with ${prefix} are taken`,
    { remedy: "Give a MAC address with --mac, or use a network with a shorter --mac-prefix" },
  );
}

/** The container has another address already. */
export function leaseExists(held: Lease, container: string): NetdError {
  return new NetdError(
    "IPAM_LEASE_EXISTS",
    `Cannot give container '${container}' another address: it has ${held.address} (${held.mac}) in network '${held.network}'`,
    { remedy: "Remove the container and create it again with the address wanted" },
  );
}

/** Another address is kept for that name already. */
export function reservationExists(known: Reservation, address: string): NetdError {
  return new NetdError(
    "IPAM_RESERVATION_EXISTS",
    `Cannot reserve ${address} for '${known.name}': ${known.address} is reserved for it in network '${known.network}'`,
    { remedy: `Release that with 'netctl lease release ${known.address}' first` },
  );
}

/** There is no such network. */
export function networkUnknown(name: string): NetdError {
  return new NetdError("NETWORK_UNKNOWN", `Cannot use network '${name}': there is none of that name`, {
    remedy: "See the networks with 'netctl net ls'",
  });
}

/** The network has no subnet of a family. */
export function familyMissing(network: string, family: IpFamily): NetdError {
  return new NetdError(
    "IPAM_FAMILY_MISSING",
    `Cannot use IPv${family} in network '${network}': it has no such subnet`,
    {
      remedy: `Use a network with --subnet${family === 6 ? "6" : ""}; see them with 'netctl net ls'`,
    },
  );
}
