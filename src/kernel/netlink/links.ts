/**
 * Links: what `ip link` lists and changes (linux/if_link.h, linux/if.h).
 *
 * @module
 */
import { FlagsNew } from "netlink/dist/constants.js";
import { formatInfo, formatVethInfo, parseInfo } from "netlink/dist/rt/ifla.js";
import { MessageType, parseLink } from "netlink/dist/rt/structs.js";
import { getString, getU32, parseAttributes, putU32 } from "netlink/dist/structs.js";
import { macBytes } from "../../address/index.ts";
import { KernelError } from "../errno.ts";
import { formatMac } from "./ip-address.ts";
import { encode, identify, linkMessage } from "./link-message.ts";
import type { NetlinkRequest } from "./netlink-socket.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** A link as the kernel reports it. */
export interface LinkInfo {
  index: number;
  name: string;
  /** `bridge`, `veth`, `vxlan` …; absent for hardware and `lo`. */
  kind?: string;
  /** Lower-case colon form; absent where the link has no hardware address. */
  mac?: string;
  mtu: number;
  isUp: boolean;
  /** RFC 2863 state, as `ip link` prints it but in lower case. */
  operState: OperState;
  /** Index of the bridge (or other master) whose port it is. */
  master?: number;
  alias?: string;
  /** Index of the link underneath or at the other end, in that end's namespace. */
  link?: number;
}

/** The queues of a veth end. Asked for none, the kernel makes one for each CPU and then cuts them down to one, waiting for all its readers. */
const ONE_QUEUE = { numTxQueues: 1, numRxQueues: 1 };

/** IF_OPER_* in their order (linux/if.h). */
const OPER_STATES = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"] as const;

/** State of a link's carrier. */
export type OperState = (typeof OPER_STATES)[number];

/** Which links {@link listLinks} returns. */
export interface ListLinksFilter {
  kind?: string;
  /** Name of a bridge: only its ports. */
  master?: string;
}

/** A bridge to add. */
export interface NewBridge {
  name: string;
  mac: string;
}

/** A veth pair to add, both ends at once. */
export interface NewVeth {
  host: string;
  /** Index of the bridge that gets the host end as a port. */
  master?: number | undefined;
  mtu?: number | undefined;
  peer: string;
  peerMac?: string | undefined;
  /** Descriptor of the peer's network namespace; it stays the caller's to close. */
  peerNetnsFd?: number | undefined;
}

/** What {@link setLink} changes; what is absent stays. */
export interface LinkChange {
  isUp?: boolean | undefined;
  mtu?: number | undefined;
  /** Index of the new master; 0 takes the link out of its own. */
  master?: number | undefined;
  /** Empty takes the alias away. */
  alias?: string | undefined;
  mac?: string | undefined;
  /** New name, of a link that is given by index. */
  name?: string | undefined;
}

/** Attributes that this file reads (linux/if_link.h). */
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINK: 5, MASTER: 10, OPERSTATE: 16, LINKINFO: 18, IFALIAS: 20 } as const;
const IFINFOMSG_LENGTH = 16;
const RTEXT_FILTER_SKIP_STATS = 8;
const NEW_EXCLUSIVE = FlagsNew.CREATE | FlagsNew.EXCL;
const ENODEV = 19;

/** List the links of the socket's namespace. */
export function listLinks(socket: RtnetlinkSocket, filter: ListLinksFilter = {}): LinkInfo[] {
  const master = filter.master === undefined ? undefined : getLink(socket, filter.master).index;
  return socket
    .dump({
      type: MessageType.GETLINK,
      body: linkMessage({}, { extMask: putU32(RTEXT_FILTER_SKIP_STATS) }),
      call: () => "list links (RTM_GETLINK)",
    })
    .map(parseLinkInfo)
    .filter(
      (link) =>
        (master === undefined || link.master === master) && (filter.kind === undefined || link.kind === filter.kind),
    );
}

/** Get a link by name or index. @throws {KernelError} ENODEV when there is none */
export function getLink(socket: RtnetlinkSocket, link: string | number): LinkInfo {
  return parseLinkInfo(
    socket.get({
      type: MessageType.GETLINK,
      body: linkMessage(...identify(link), { extMask: putU32(RTEXT_FILTER_SKIP_STATS) }),
      call: () => `find link '${link}' (RTM_GETLINK)`,
    }),
  );
}

/** Find a link by name; undefined when there is none. */
export function findLink(socket: RtnetlinkSocket, name: string): LinkInfo | undefined {
  try {
    return getLink(socket, name);
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENODEV) return undefined;
    throw error;
  }
}

/** Add a bridge; it is down. @throws {KernelError} EEXIST when the name is taken */
export function addBridge(socket: RtnetlinkSocket, bridge: NewBridge): void {
  const linkinfo = encode(formatInfo({ kind: "bridge" }));
  socket.change({
    type: MessageType.NEWLINK,
    flags: NEW_EXCLUSIVE,
    body: linkMessage({}, { ifname: bridge.name, address: macBytes(bridge.mac), linkinfo }),
    call: () => `add bridge '${bridge.name}' (RTM_NEWLINK kind=bridge address=${bridge.mac})`,
  });
}

/** Add a veth pair, its peer made inside the peer's namespace; both ends are down. @throws {KernelError} EEXIST when a name is taken */
export function addVeth(socket: RtnetlinkSocket, veth: NewVeth): void {
  const { host, master, mtu, peer, peerMac, peerNetnsFd } = veth;
  const mtuAttribute = mtu === undefined ? {} : { mtu };
  const peerMessage = encode(
    linkMessage(
      {},
      {
        ifname: peer,
        ...ONE_QUEUE,
        ...mtuAttribute,
        ...(peerMac === undefined ? {} : { address: macBytes(peerMac) }),
        ...(peerNetnsFd === undefined ? {} : { netNsFd: peerNetnsFd }),
      },
    ),
  );
  const linkinfo = encode(formatInfo({ kind: "veth", data: encode(formatVethInfo({ peer: peerMessage })) }));
  socket.change({
    type: MessageType.NEWLINK,
    flags: NEW_EXCLUSIVE,
    body: linkMessage(
      {},
      { ifname: host, ...ONE_QUEUE, ...mtuAttribute, ...(master === undefined ? {} : { master }), linkinfo },
    ),
    call: () =>
      `add veth '${host}' with peer '${peer}' (RTM_NEWLINK kind=veth${master === undefined ? "" : ` master=${master}`})`,
  });
}

/** Change a link, all in one message. @throws {KernelError} ENODEV when there is none */
export function setLink(socket: RtnetlinkSocket, link: string | number, change: LinkChange): void {
  const [header, identity] = identify(link);
  const { isUp, mtu, master, alias, mac, name } = change;
  socket.change({
    type: MessageType.NEWLINK,
    body: linkMessage(
      isUp === undefined ? header : { ...header, flags: isUp ? { up: true } : {}, change: { up: true } },
      identity,
      {
        ...(name === undefined ? {} : { ifname: name }),
        ...(mac === undefined ? {} : { address: macBytes(mac) }),
        ...(mtu === undefined ? {} : { mtu }),
        ...(alias === undefined ? {} : { ifalias: alias }),
        ...(master === undefined ? {} : { master }),
      },
    ),
    call: () => `change link '${link}' (RTM_NEWLINK ${JSON.stringify(change)})`,
  });
}

/** Where {@link moveLink} moves a link. */
export interface LinkTarget {
  /** Descriptor of the network namespace; it stays the caller's to close. */
  netnsFd: number;
  /** Its name there. */
  name: string;
}

/** Move a link that is down into another network namespace, where it is down and has no addresses. @throws {KernelError} EEXIST when the name is taken */
export function moveLink(socket: RtnetlinkSocket, index: number, { netnsFd, name }: LinkTarget): void {
  socket.change({
    type: MessageType.NEWLINK,
    body: linkMessage({ index }, { ifname: name, netNsFd: netnsFd }),
    call: () => `move link ${index} to another namespace as '${name}' (RTM_NEWLINK IFLA_NET_NS_FD)`,
  });
}

/** Delete a link, with the other end of a veth pair. @throws {KernelError} ENODEV when there is none */
export function deleteLink(socket: RtnetlinkSocket, link: string | number): void {
  socket.change(deletionOf(link));
}

/**
 * Delete a link as {@link deleteLink} does, on another thread: the kernel waits for all readers of a link before it lets it go, 10 to 30 ms long.
 *
 * @throws {KernelError} ENODEV when there is none
 */
export async function deleteLinkElsewhere(socket: RtnetlinkSocket, link: string | number): Promise<void> {
  await socket.changeElsewhere(deletionOf(link));
}

function deletionOf(link: string | number): NetlinkRequest {
  return {
    type: MessageType.DELLINK,
    body: linkMessage(...identify(link)),
    call: () => `delete link '${link}' (RTM_DELLINK)`,
  };
}

/**
 * Parse a link message. Only the attributes we use are decoded: the package's decoder of whole messages takes ten times as long,
 * and throws at structures that grew in newer kernels.
 */
export function parseLinkInfo(message: Buffer): LinkInfo {
  const { index = 0, flags } = parseLink(message.subarray(0, IFINFOMSG_LENGTH));
  const info: LinkInfo = { index, name: "", mtu: 0, isUp: flags?.up === true, operState: "unknown" };
  parseAttributes(message.subarray(IFINFOMSG_LENGTH), ({ type, data }) => {
    if (type === IFLA.IFNAME) info.name = getString(data);
    else if (type === IFLA.MTU) info.mtu = getU32(data);
    else if (type === IFLA.ADDRESS && data.length > 0) info.mac = formatMac(data);
    else if (type === IFLA.OPERSTATE) info.operState = OPER_STATES[data[0] ?? 0] ?? "unknown";
    else if (type === IFLA.MASTER) info.master = getU32(data);
    else if (type === IFLA.LINK) info.link = getU32(data);
    else if (type === IFLA.IFALIAS) info.alias = getString(data);
    else if (type === IFLA.LINKINFO) {
      const { kind } = parseInfo(data);
      if (kind !== undefined) info.kind = kind;
    }
  });
  return info;
}
