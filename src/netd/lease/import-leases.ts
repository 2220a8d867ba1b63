/**
 * Taking over another netd's leases: all of them or none.
 *
 * @module
 */
import { canonicalAddress, familyOf, macOfAddress, parseMac } from "../../address/index.ts";
import type { ImportedLeases, LeaseDocument } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Reservation } from "../../ipam/index.ts";
import { checkContainerName } from "../container-name.ts";
import type { DaemonContext } from "../context.ts";

/** Conflicts that are named; of the others there is a number. */
const MOST_NAMED = 10;

/** One address of a document, and whose it shall be. */
interface Claim {
  network: string;
  address: string;
  name: string;
  mac?: string | undefined;
}

/**
 * Keep each address of the document for its container's name. What was a lease becomes a reservation as well: the container that had it is
 * the other netd's, and whoever makes one of that name here gets its address and MAC. Addresses that a container of that name has already
 * are left as they are.
 *
 * @throws {NetdError} LEASE_IMPORT_CONFLICT naming the conflicts, STATE_WRITE_FAILED; nothing is imported then
 */
export function importLeases(context: DaemonContext, document: LeaseDocument): ImportedLeases {
  const claims: Claim[] = [
    ...document.reservations,
    ...document.leases.map(({ network, address, mac, container }) => ({ network, address, mac, name: container })),
  ];
  const made: Reservation[] = [];
  const conflicts: string[] = [];
  try {
    context.store.transact("imported leases", () => {
      for (const claim of claims) {
        try {
          const reservation = importClaim(context, claim);
          if (reservation !== undefined) made.push(reservation);
        } catch (error) {
          if (!(error instanceof NetdError) || error.code === "STATE_WRITE_FAILED") throw error;
          conflicts.push(error.message);
        }
      }
      if (conflicts.length > 0) throw conflictError(conflicts, claims.length);
    });
  } catch (error) {
    for (const reservation of made) context.ipam.abandon(reservation);
    throw error;
  }
  return { reserved: made.length, known: claims.length - made.length };
}

/** Make the reservation of a claim; undefined when its container has the address, or it is reserved for it. */
function importClaim({ networks, containers, ipam }: DaemonContext, claim: Claim): Reservation | undefined {
  const network = networks.find(claim.network);
  const address = canonicalAddress(claim.address);
  const name = checkContainerName(claim.name);
  const owner = containers.byName(name);
  const held = owner === undefined ? undefined : ipam.find(network.name, owner.row.id, familyOf(address));
  if (held?.address === address || ipam.reservationOf(network.name, address)?.name === name) return undefined;
  if (held !== undefined) {
    throw new NetdError("IPAM_LEASE_EXISTS", `container '${name}' has ${held.address} and not ${address}`);
  }
  const mac = claim.mac === undefined ? undefined : parseMac(claim.mac);
  const isMade = mac === macOfAddress(address, network.macPrefix);
  return ipam.reserve({ network: network.name, address, name, mac: isMade ? undefined : mac, source: "import" });
}

function conflictError(conflicts: string[], count: number): NetdError {
  const named = conflicts.slice(0, MOST_NAMED).join("; ");
  const more = conflicts.length > MOST_NAMED ? `; and ${conflicts.length - MOST_NAMED} more` : "";
  return new NetdError(
    "LEASE_IMPORT_CONFLICT",
    `Cannot import the leases: ${conflicts.length} of ${count} conflict with what is here, none wanted: ${named}${more}`,
    { remedy: "Take those out of the document, or release what is in the way with 'netctl lease release'" },
  );
}
