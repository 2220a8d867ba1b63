/**
 * Taking over another netd's leases: all of them or none.
 *
 * A long document is taken in bit by bit, in a transaction each, and others get their turn in between. What an import that was cut short has
 * reserved is known by its time, which is remembered from the first transaction to the last.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { canonicalAddress, familyOf, macOfAddress, parseMac } from "../../address/index.ts";
import type { ImportedLeases, LeaseDocument } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Reservation } from "../../ipam/index.ts";
import { faultPoint } from "../../kernel/index.ts";
import { checkContainerName } from "../container-name.ts";
import type { DaemonContext } from "../context.ts";

/** Conflicts that are named; of the others there is a number. */
const MOST_NAMED = 10;
/** Addresses that are reserved before others get their turn. */
const CLAIMS_A_TURN = 200;
/** Under which the time of an import that is under way is remembered. */
const META_KEY = "import";

/** One address of a document, and whose it shall be. */
interface Claim {
  network: string;
  address: string;
  name: string;
  mac?: string | undefined;
}

/** What an import has done so far. */
interface Import {
  /** ISO 8601. */
  since: string;
  made: Reservation[];
  conflicts: string[];
}

/**
 * Keep each address of the document for its container's name. What was a lease becomes a reservation as well: the container that had it is
 * the other netd's, and whoever makes one of that name here gets its address and MAC. Addresses that a container of that name has already
 * are left as they are. Call it when no other import is under way.
 *
 * @throws {NetdError} LEASE_IMPORT_CONFLICT naming the conflicts, STATE_WRITE_FAILED; nothing is imported then
 */
export async function importLeases(context: DaemonContext, document: LeaseDocument): Promise<ImportedLeases> {
  const claims: Claim[] = [
    ...document.reservations,
    ...document.leases.map(({ network, address, mac, container }) => ({ network, address, mac, name: container })),
  ];
  const progress: Import = { since: context.now().toISOString(), made: [], conflicts: [] };
  try {
    for (let at = 0; at < claims.length; at += CLAIMS_A_TURN) {
      importSome(context, claims.slice(at, at + CLAIMS_A_TURN), progress);
      faultPoint("leases:imported");
      await nextTurn();
    }
    if (progress.conflicts.length > 0) throw conflictError(progress.conflicts, claims.length);
    // With it all that came before it is durable.
    context.store.transact("imported leases", () => context.store.deleteMeta(META_KEY));
  } catch (error) {
    await takeBack(context, progress);
    throw error;
  }
  return { reserved: progress.made.length, known: claims.length - progress.made.length };
}

/** Take back what an import has reserved that was cut short by the end of netd. Call it before networks are opened. */
export function endCutShortImport({ store, ipam }: Pick<DaemonContext, "store" | "ipam">): void {
  const since = store.getMeta(META_KEY);
  if (since === undefined) return;
  const made = [...ipam.listReservations()].filter((one) => one.source === "import" && one.since === since);
  store.transact("imported leases", () => {
    for (const reservation of made) ipam.unreserve(reservation);
    store.deleteMeta(META_KEY);
  });
}

/** Reserve some addresses, in one transaction. @throws {NetdError} STATE_WRITE_FAILED; none of them is reserved then */
function importSome(context: DaemonContext, claims: readonly Claim[], { since, made, conflicts }: Import): void {
  const reserved: Reservation[] = [];
  try {
    context.store.transactLightly("imported leases", () => {
      if (made.length === 0) context.store.setMeta(META_KEY, since);
      for (const claim of claims) {
        try {
          const reservation = importClaim(context, claim, since);
          if (reservation !== undefined) reserved.push(reservation);
        } catch (error) {
          if (!(error instanceof NetdError) || error.code === "STATE_WRITE_FAILED") throw error;
          conflicts.push(error.message);
        }
      }
    });
  } catch (error) {
    for (const reservation of reserved) context.ipam.abandon(reservation);
    throw error;
  }
  for (const reservation of reserved) made.push(reservation);
}

/** Take back an import that failed. What can't be written now is taken back at the next start. */
async function takeBack({ store, ipam, logger }: DaemonContext, { made }: Import): Promise<void> {
  try {
    for (let at = 0; at < made.length; at += CLAIMS_A_TURN) {
      const some = made.slice(at, at + CLAIMS_A_TURN);
      try {
        store.transactLightly("imported leases", () => {
          for (const reservation of some) ipam.unreserve(reservation);
        });
      } catch (error) {
        ipam.readmit(some);
        throw error;
      }
      await nextTurn();
    }
    store.transact("imported leases", () => store.deleteMeta(META_KEY));
  } catch (error) {
    logger.error({ err: error }, "cannot take back an import of leases that failed");
  }
}

/** Make the reservation of a claim; undefined when its container has the address, or it is reserved for it. */
function importClaim(
  { networks, containers, ipam }: DaemonContext,
  claim: Claim,
  since: string,
): Reservation | undefined {
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
  return ipam.reserve({ network: network.name, address, name, mac: isMade ? undefined : mac, source: "import", since });
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
