/**
 * Ending the leases of the dead.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LeaseInfo } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Lease } from "../../ipam/index.ts";
import type { DaemonContext } from "../context.ts";
import { isStale, showLease } from "./lease-info.ts";

/** Leases that are looked at before others get their turn. */
const LEASES_A_TURN = 2_000;

/** Give items one after the other, and let others have their turn now and then. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T, void> {
  let seen = 0;
  for (const item of items) {
    yield item;
    seen += 1;
    if (seen % LEASES_A_TURN === 0) await nextTurn();
  }
}

/** End the leases that nobody can have any more, and tell them. @throws {NetdError} STATE_WRITE_FAILED, and all stay */
export async function collectLeases(context: DaemonContext): Promise<LeaseInfo[]> {
  const stale: Lease[] = [];
  for await (const lease of inTurns(context.ipam.list())) if (isStale(context, lease)) stale.push(lease);
  return endLeases(
    context,
    stale.filter((lease) => isStale(context, lease)),
  );
}

/** End leases in one transaction. @throws {NetdError} STATE_WRITE_FAILED, and all stay */
export function endLeases(context: DaemonContext, leases: readonly Lease[]): LeaseInfo[] {
  const { store, ipam } = context;
  const ended = leases.map((lease) => showLease(context, lease));
  try {
    store.transactLightly("leases", () => {
      for (const lease of leases) ipam.releaseLease(lease);
    });
  } catch (error) {
    ipam.readmit(leases);
    throw error;
  }
  return ended;
}

/** Do what takes an address; when none is left, end the leases of the dead, and try once more if there were some. */
export async function withCollection<T>(context: DaemonContext, allocate: () => T): Promise<T> {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof NetdError) || error.code !== "IPAM_POOL_EXHAUSTED") throw error;
    const ended = await collectLeases(context);
    if (ended.length === 0) throw error;
    context.logger.info(
      { leases: ended.length },
      "leases of containers that are gone were ended: their pool was empty",
    );
    return allocate();
  }
}
