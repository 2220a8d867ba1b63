/**
 * Addresses of links: what `ip address` lists and changes (linux/if_addr.h).
 *
 * @module
 */
import { FlagsNew } from "netlink/dist/constants.js";
import {
  type AddressMessage,
  formatAddressMessage,
  MessageType,
  parseAddressMessage,
  RouteScope,
} from "netlink/dist/rt/structs.js";
import { AF_INET, broadcastOf, formatIp, type IpPrefix, parseIpPrefix } from "./ip-address.ts";
import { linkNames } from "./link-names.ts";
import { getLink } from "./links.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** An address as the kernel reports it. */
export interface AddressInfo {
  /** Index of the link that has it. */
  index: number;
  /** Name of that link. */
  link: string;
  /** `ADDRESS/LENGTH`, the link's own end. */
  address: string;
  family: "inet" | "inet6";
  broadcast?: string;
  /** Whether duplicate-address detection is still running, so that it can't be used yet. */
  isTentative: boolean;
}

/** Which addresses {@link listAddresses} returns. */
export interface ListAddressesFilter {
  /** Name of a link. */
  link?: string;
  family?: "inet" | "inet6";
}

/** An address to add. */
export interface NewAddress {
  /** Name of the link that gets it. */
  link: string;
  /** Index of that link, where it is known already. */
  index?: number | undefined;
  /** `ADDRESS/LENGTH`. */
  address: string;
  /** IPv6: use it at once, without duplicate-address detection, where we own both ends. */
  isWithoutDad?: boolean | undefined;
}

/** List addresses of the socket's namespace. */
export function listAddresses(socket: RtnetlinkSocket, filter: ListAddressesFilter = {}): AddressInfo[] {
  const index = filter.link === undefined ? undefined : getLink(socket, filter.link).index;
  const nameOf = linkNames(socket);
  const messages = socket.dump({
    type: MessageType.GETADDR,
    body: (out) => formatAddressMessage({ kind: "address", data: {}, attrs: {} }, out),
    call: () => "list addresses (RTM_GETADDR)",
  });
  const found: AddressInfo[] = [];
  for (const message of messages) {
    const { data, attrs } = parseAddressMessage(message);
    const family = data.family === AF_INET ? "inet" : "inet6";
    const own = attrs.local ?? attrs.address;
    if (data.index === undefined || own === undefined) continue;
    if ((index !== undefined && data.index !== index) || (filter.family !== undefined && family !== filter.family))
      continue;
    const link = nameOf(data.index);
    if (link === undefined) continue;
    found.push({
      index: data.index,
      link,
      address: `${formatIp(own)}/${data.prefixlen}`,
      family,
      ...(attrs.broadcast === undefined ? {} : { broadcast: formatIp(attrs.broadcast) }),
      isTentative: (attrs.flags ?? data.flags)?.tentative === true,
    });
  }
  return found;
}

/** Add an address, with its broadcast and the route to its prefix. @throws {KernelError} EEXIST when the link has it */
export function addAddress(socket: RtnetlinkSocket, address: NewAddress): void {
  const message = addressMessage(socket, address);
  socket.change({
    type: MessageType.NEWADDR,
    flags: FlagsNew.CREATE | FlagsNew.EXCL,
    body: (out) => formatAddressMessage(message, out),
    call: () => `add address ${address.address} to link '${address.link}' (RTM_NEWADDR)`,
  });
}

/** Delete an address. @throws {KernelError} EADDRNOTAVAIL when the link lacks it, ENODEV when there is no such link */
export function deleteAddress(socket: RtnetlinkSocket, address: Omit<NewAddress, "isWithoutDad">): void {
  const message = addressMessage(socket, address);
  socket.change({
    type: MessageType.DELADDR,
    body: (out) => formatAddressMessage(message, out),
    call: () => `delete address ${address.address} of link '${address.link}' (RTM_DELADDR)`,
  });
}

function addressMessage(
  socket: RtnetlinkSocket,
  { link, index, address, isWithoutDad = false }: NewAddress,
): AddressMessage {
  const prefix = parseIpPrefix(address);
  const broadcast = broadcastOf(prefix);
  return {
    kind: "address",
    data: {
      family: prefix.family,
      prefixlen: prefix.length,
      scope: isLoopback(prefix) ? RouteScope.HOST : RouteScope.UNIVERSE,
      index: index ?? getLink(socket, link).index,
    },
    attrs: {
      local: prefix.bytes,
      address: prefix.bytes,
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(isWithoutDad ? { flags: { nodad: true } } : {}),
    },
  };
}

function isLoopback({ family, bytes }: IpPrefix): boolean {
  return family === AF_INET && bytes[0] === 127;
}
