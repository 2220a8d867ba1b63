/**
 * Who on the host listens where a port is to be published.
 *
 * @module
 */
import { parseIp } from "../netlink/ip-address.ts";
import { type ListenerInfo, listListeners, type PortProtocol } from "./sock-diag.ts";
import { findSocketOwner, type SocketOwner } from "./socket-owner.ts";

/** What is to be published. */
export interface WantedPorts {
  protocol: PortProtocol;
  /** IPv4 or IPv6; `0.0.0.0` or `::` for all of the family. */
  address: string;
  port: number;
  /** How many ports in a row; default 1. */
  count?: number | undefined;
  /** Index of the link by which what is meant must enter; default any. */
  index?: number | undefined;
}

/** Who listens there already. */
export interface FoundListener extends ListenerInfo {
  /** Absent when the process is hidden from us, in another pid namespace, or gone. */
  owner?: SocketOwner;
}

/** Find who listens, in the thread's network namespace, on one of the ports wanted; undefined when nobody does. @throws {NetdError} KERNEL_FEATURE_MISSING */
export function findListener(wanted: WantedPorts): FoundListener | undefined {
  const { protocol, port, count = 1 } = wanted;
  const listeners = listListeners({ protocol, port: count === 1 ? port : undefined });
  const found = listeners.find((listener) => isInTheWay(listener, wanted));
  if (found === undefined) return undefined;
  const owner = findSocketOwner(found.inode);
  return { ...found, ...(owner === undefined ? {} : { owner }) };
}

/** Whether a listener takes packets that a publication would take. Pure. */
export function isInTheWay(
  listener: ListenerInfo,
  { protocol, address, port, count = 1, index }: WantedPorts,
): boolean {
  if (listener.protocol !== protocol || listener.port < port || listener.port >= port + count) return false;
  if (index !== undefined && listener.index !== undefined && index !== listener.index) return false;
  const { bytes } = parseIp(address);
  const taken = addressTaken(listener, bytes.length);
  return taken !== undefined && (isAny(taken) || isAny(bytes) || taken.equals(bytes));
}

/** The address of the family with so many bytes that a listener takes; undefined when it takes none of it. */
function addressTaken({ family, address, isV6Only }: ListenerInfo, length: number): Buffer | undefined {
  const { bytes } = parseIp(address);
  if (bytes.length === length) return length === 16 && isMapped(bytes) ? undefined : bytes;
  if (family === "inet") return undefined;
  // IPv4 wanted, of a socket of IPv6 (RFC 4291, 2.5.5.2; ipv6(7)).
  if (isMapped(bytes)) return bytes.subarray(12);
  return isAny(bytes) && !isV6Only ? Buffer.alloc(4) : undefined;
}

function isAny(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** `::ffff:a.b.c.d` */
function isMapped(bytes: Buffer): boolean {
  return bytes.length === 16 && isAny(bytes.subarray(0, 10)) && bytes.readUInt16BE(10) === 0xffff;
}
