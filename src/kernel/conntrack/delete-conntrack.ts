/**
 * Takes entries out of connection tracking (ctnetlink, linux/netfilter/nfnetlink_conntrack.h): what was tracked before an address or a port
 * changed hands would otherwise go on to where it went before.
 *
 * As a rule one request for each direction, in which the kernel itself compares and deletes: it costs a walk through the table, and nothing comes
 * back. Addresses of IPv6 we compare ourselves: the kernel's comparison of them is the wrong way round (seen in 6.18; ctnetlink_filter_match_tuple
 * takes what ipv6_addr_cmp() returns for its opposite), and would delete all but what was meant.
 *
 * @module
 */
import { parseAttributes } from "netlink/dist/structs.js";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { unlessGone } from "../kernel-absence.ts";
import { AF_INET, AF_INET6, type Family, parseIp } from "../netlink/ip-address.ts";
import { type NetlinkRequest, NetlinkSocket, openNetlink } from "../netlink/netlink-socket.ts";
import { readSysctl } from "../sysctl/sysctl.ts";
import { agrees, type ConntrackFilter, CTA, describeFilter, writeFilter } from "./conntrack-filter.ts";

/** Which entries are deleted: all that agree with everything that is given. */
export type ConntrackMatch = ConntrackOfAddress | ConntrackOfPort;

/** Entries of an address that came or went, such as a container's: as either end of a connection, before or behind NAT. */
export interface ConntrackOfAddress {
  /** IPv4 or IPv6. */
  address: string;
}

/** Entries of what was sent to a port, such as one that is published now. */
export interface ConntrackOfPort {
  family: "inet" | "inet6";
  protocol: "tcp" | "udp" | "sctp";
  /** Port that it was sent to, before NAT. */
  port: number;
  /** How many ports in a row; default 1. */
  count?: number | undefined;
  /** Address that it was sent to, before NAT; default any. */
  originalDestination?: string | undefined;
}

// linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nfnetlink_conntrack.h
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1;
const IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2;
/** `struct nfgenmsg`: family, version, resource. In version 0 the family of a deletion is not looked at. */
const NFGENMSG_LENGTH = 4;
const NFNETLINK_V1 = 1;
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;
const EINVAL = 22;

class ConntrackSocket extends NetlinkSocket {
  /** In the thread's network namespace. */
  static open(): ConntrackSocket {
    return new ConntrackSocket(openNetlink(NETLINK_NETFILTER, undefined));
  }
}

/**
 * Delete entries in the thread's network namespace. Where nothing is tracked it does nothing, and costs one read of a small file.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING before Linux 5.8, which can't compare
 */
export function deleteConntrack(matches: readonly ConntrackMatch[]): void {
  if (matches.length === 0 || !isTracking()) return;
  using socket = ConntrackSocket.open();
  for (const match of matches) {
    const family = familyOf(match);
    const filters = filtersOf(match);
    if (filters.some((filter) => !isForKernel(family, filter))) deleteOneByOne(socket, family, filters);
    else for (const filter of filters) deleteAtOnce(socket, family, filter);
  }
}

/**
 * Delete entries as {@link deleteConntrack} does, what the kernel compares on another thread: each walk through its table takes it up to 3 ms.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING before Linux 5.8, which can't compare
 */
export async function deleteConntrackElsewhere(matches: readonly ConntrackMatch[]): Promise<void> {
  if (matches.length === 0 || !isTracking()) return;
  using socket = ConntrackSocket.open();
  for (const match of matches) {
    const family = familyOf(match);
    const filters = filtersOf(match);
    if (filters.some((filter) => !isForKernel(family, filter))) deleteOneByOne(socket, family, filters);
    else for (const filter of filters) await deleteAtOnceElsewhere(socket, family, filter);
  }
}

/** Whether the namespace has entries at all. */
function isTracking(): boolean {
  try {
    return Number(readSysctl("net.netfilter.nf_conntrack_count")) > 0;
  } catch (error) {
    if (error instanceof NetdError && error.code === "KERNEL_FEATURE_MISSING") return false;
    throw error;
  }
}

function familyOf(match: ConntrackMatch): Family {
  if ("address" in match) return parseIp(match.address).family;
  return match.family === "inet" ? AF_INET : AF_INET6;
}

/**
 * An address is the source of what it sent, the destination of what reached it untranslated, and the source of the answers to what was
 * translated to it. What was translated on its way out has it as the source of the first packet.
 */
function filtersOf(match: ConntrackMatch): ConntrackFilter[] {
  if ("address" in match) {
    const { bytes } = parseIp(match.address);
    return [
      { direction: "original", source: bytes },
      { direction: "original", destination: bytes },
      { direction: "reply", source: bytes },
    ];
  }
  const { protocol, port, count = 1, originalDestination } = match;
  return [
    {
      ...{ direction: "original", protocol: PROTOCOL_NUMBERS[protocol], destinationPort: port, portCount: count },
      ...(originalDestination === undefined ? {} : { destination: parseIp(originalDestination).bytes }),
    },
  ];
}

/** Whether the kernel can make the comparison. */
function isForKernel(family: Family, { source, destination, portCount = 1 }: ConntrackFilter): boolean {
  return portCount === 1 && (family === AF_INET || (source === undefined && destination === undefined));
}

function deleteAtOnce(socket: ConntrackSocket, family: Family, filter: ConntrackFilter): void {
  try {
    socket.change(deletionOf(family, filter));
  } catch (error) {
    throwRefusal(error);
  }
}

async function deleteAtOnceElsewhere(socket: ConntrackSocket, family: Family, filter: ConntrackFilter): Promise<void> {
  await socket.changeElsewhere(deletionOf(family, filter)).catch(throwRefusal);
}

function deletionOf(family: Family, filter: ConntrackFilter): NetlinkRequest {
  return {
    type: IPCTNL_MSG_CT_DELETE,
    body: (out) => {
      out.emit(Buffer.of(family, NFNETLINK_V1, 0, 0));
      writeFilter(out, family, filter);
    },
    call: () => `delete tracked connections (IPCTNL_MSG_CT_DELETE ${describeFilter(filter)})`,
  };
}

function throwRefusal(error: unknown): never {
  if (!(error instanceof KernelError) || error.errno !== EINVAL) throw error;
  throw new NetdError(
    "KERNEL_FEATURE_MISSING",
    "Cannot delete tracked connections of an address: this kernel can't compare them, Linux 5.8 wanted",
    { remedy: "Use a newer kernel", cause: error },
  );
}

function deleteOneByOne(socket: ConntrackSocket, family: Family, filters: readonly ConntrackFilter[]): void {
  const protocol = filters[0]?.protocol;
  const entries = socket.dump({
    type: IPCTNL_MSG_CT_GET,
    body: (out) => {
      out.emit(Buffer.of(family, NFNETLINK_V1, 0, 0));
      if (protocol !== undefined) writeFilter(out, family, { direction: "original", protocol });
    },
    call: () => "list tracked connections (IPCTNL_MSG_CT_GET)",
  });
  for (const entry of entries) {
    const parts = partsOf(entry);
    const isMeant = filters.some((filter) => {
      const tuple = parts.get(filter.direction === "original" ? CTA.TUPLE_ORIG : CTA.TUPLE_REPLY);
      return tuple !== undefined && agrees(tuple, filter);
    });
    if (isMeant) deleteEntry(socket, family, parts);
  }
}

function partsOf(entry: Buffer): Map<number, Buffer> {
  const parts = new Map<number, Buffer>();
  parseAttributes(entry.subarray(NFGENMSG_LENGTH), ({ type, data }) => parts.set(type, data));
  return parts;
}

/** By its number, too: the same connection may be tracked anew meanwhile. */
function deleteEntry(socket: ConntrackSocket, family: Family, parts: ReadonlyMap<number, Buffer>): void {
  unlessGone(() =>
    socket.change({
      type: IPCTNL_MSG_CT_DELETE,
      body: (out) => {
        out.emit(Buffer.of(family, NFNETLINK_V1, 0, 0));
        for (const type of [CTA.TUPLE_ORIG, CTA.ID, CTA.ZONE]) {
          const data = parts.get(type);
          if (data !== undefined) out.push(type, data);
        }
      },
      call: () => "delete a tracked connection (IPCTNL_MSG_CT_DELETE)",
    }),
  );
}
