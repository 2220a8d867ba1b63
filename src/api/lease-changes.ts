/**
 * What can be asked to change about leases and reservations.
 *
 * @module
 */
import type { ApiChange } from "./network-changes.ts";
import type { ImportedLeases, LeaseDocument, ReleaseSpec, ReservationSpec } from "./network-schema.ts";
import type { LeaseInfo } from "./schemas.ts";

/** Keep an address for the container of a certain name. */
export function reserveAddress(spec: ReservationSpec): ApiChange<LeaseInfo> {
  return { method: "POST", path: "/v1/leases/reserve", body: spec };
}

/** End reservations, or the lease of a container that is gone. Answers what ended. */
export function releaseLease(spec: ReleaseSpec): ApiChange<LeaseInfo[]> {
  return { method: "POST", path: "/v1/leases/release", body: spec };
}

/** End the leases of containers that are gone. Answers what ended. */
export function collectLeases(): ApiChange<LeaseInfo[]> {
  return { method: "POST", path: "/v1/leases/collect" };
}

/** Take over the leases and reservations of another netd, all or none. */
export function importLeases(document: LeaseDocument): ApiChange<ImportedLeases> {
  return { method: "POST", path: "/v1/leases/import", body: document };
}
