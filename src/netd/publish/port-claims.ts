/**
 * When two published ports are in each other's way. Pure.
 *
 * @module
 */
import { familyOf, type PortMapping } from "../../address/index.ts";

/** Whether a packet could be meant for both. */
export function isClaimOverlapping(a: PortMapping, b: PortMapping): boolean {
  return (
    a.protocol === b.protocol &&
    a.hostPort < b.hostPort + b.count &&
    b.hostPort < a.hostPort + a.count &&
    isAddressOverlapping(a.hostAddress, b.hostAddress) &&
    (a.hostInterface === undefined || b.hostInterface === undefined || a.hostInterface === b.hostInterface)
  );
}

/** Whether they are the same. */
export function isSameMapping(a: PortMapping, b: PortMapping): boolean {
  return (
    a.hostAddress === b.hostAddress &&
    a.hostInterface === b.hostInterface &&
    a.hostPort === b.hostPort &&
    a.containerPort === b.containerPort &&
    a.count === b.count &&
    a.protocol === b.protocol
  );
}

function isAddressOverlapping(a: string, b: string): boolean {
  return familyOf(a) === familyOf(b) && (a === b || isAny(a) || isAny(b));
}

function isAny(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
