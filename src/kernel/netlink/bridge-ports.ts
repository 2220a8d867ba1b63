/**
 * Flags of bridge ports: what `bridge -details link` lists and `ip link set type bridge_slave` changes (linux/if_link.h, IFLA_BRPORT_*).
 *
 * @module
 */
import { formatInfo, parseInfo } from "netlink/dist/rt/ifla.js";
import { MessageType } from "netlink/dist/rt/structs.js";
import { getU32, parseAttributes, putU8, putU32 } from "netlink/dist/structs.js";
import { encode, identify, linkMessage } from "./link-message.ts";
import { getLink } from "./links.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** How a bridge treats one of its ports. */
export interface PortFlags {
  /** Reaches no other isolated port, only the bridge itself and ports that are not. */
  isolated: boolean;
  /** Frames may leave by the port they came in by. */
  hairpin: boolean;
  /** Source addresses of frames that come in are remembered. */
  learning: boolean;
  /** Frames to unknown addresses go out by it. */
  flood: boolean;
}

/** A port of a bridge. */
export interface PortInfo extends PortFlags {
  index: number;
  name: string;
}

/** IFLA_BRPORT_* of each flag. */
const FLAG_ATTRIBUTES = { hairpin: 4, learning: 8, flood: 9, isolated: 33 } as const satisfies Record<
  keyof PortFlags,
  number
>;
const FLAG_NAMES = Object.keys(FLAG_ATTRIBUTES) as (keyof PortFlags)[];

const IFLA = { IFNAME: 3, MASTER: 10, LINKINFO: 18 } as const;
const IFINFOMSG_LENGTH = 16;
const INDEX_AT = 4;
const RTEXT_FILTER_SKIP_STATS = 8;

/** Change flags of a bridge port; what is absent stays. @throws {KernelError} ENODEV, EINVAL when the link is no bridge port */
export function setPort(socket: RtnetlinkSocket, link: string | number, change: Partial<PortFlags>): void {
  const slaveData = encode((out) => {
    for (const name of FLAG_NAMES) {
      const value = change[name];
      if (value !== undefined) out.push(FLAG_ATTRIBUTES[name], putU8(value ? 1 : 0));
    }
  });
  const [header, identity] = identify(link);
  socket.change({
    type: MessageType.NEWLINK,
    body: linkMessage(header, identity, { linkinfo: encode(formatInfo({ slaveKind: "bridge", slaveData })) }),
    call: () => `change bridge port '${link}' (RTM_NEWLINK ${JSON.stringify(change)})`,
  });
}

/** Get the flags of a bridge port; undefined when the link is none. @throws {KernelError} ENODEV */
export function findPort(socket: RtnetlinkSocket, link: string | number): PortInfo | undefined {
  const [header, identity] = identify(link);
  return parsePort(
    socket.get({
      type: MessageType.GETLINK,
      body: linkMessage(header, identity, { extMask: putU32(RTEXT_FILTER_SKIP_STATS) }),
      call: () => `find link '${link}' (RTM_GETLINK)`,
    }),
  );
}

/** List the ports of a bridge. @throws {KernelError} ENODEV */
export function listPorts(socket: RtnetlinkSocket, bridge: string): PortInfo[] {
  const { index } = getLink(socket, bridge);
  return socket
    .dump({
      type: MessageType.GETLINK,
      // The kernel leaves out all other links (net/core/rtnetlink.c, link_master_filtered).
      body: linkMessage({}, { master: index, extMask: putU32(RTEXT_FILTER_SKIP_STATS) }),
      call: () => `list ports of bridge '${bridge}' (RTM_GETLINK)`,
    })
    .flatMap((message) => parsePort(message, index) ?? []);
}

/** The port that a message tells of; undefined for a link that is none, or one of another master. */
function parsePort(message: Buffer, bridge?: number): PortInfo | undefined {
  const port = { index: message.readInt32LE(INDEX_AT), name: "" };
  let master: number | undefined;
  let data: Buffer | undefined;
  parseAttributes(message.subarray(IFINFOMSG_LENGTH), (attribute) => {
    if (attribute.type === IFLA.IFNAME) port.name = attribute.data.toString("utf8", 0, attribute.data.length - 1);
    else if (attribute.type === IFLA.MASTER) master = getU32(attribute.data);
    else if (attribute.type === IFLA.LINKINFO) {
      const { slaveKind, slaveData } = parseInfo(attribute.data);
      if (slaveKind === "bridge") data = slaveData;
    }
  });
  if (data === undefined || (bridge !== undefined && master !== bridge)) return undefined;
  const flags: PortFlags = { isolated: false, hairpin: false, learning: false, flood: false };
  parseAttributes(data, (attribute) => {
    for (const name of FLAG_NAMES) if (attribute.type === FLAG_ATTRIBUTES[name]) flags[name] = attribute.data[0] === 1;
  });
  return { ...port, ...flags };
}
