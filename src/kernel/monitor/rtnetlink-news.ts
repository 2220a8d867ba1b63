/**
 * Collects news about links, addresses and routes: of each thing only the last message, which is not looked into before somebody asks.
 *
 * @module
 */
import { MessageType, parseAddressMessage, RoutingTableClass } from "netlink/dist/rt/structs.js";
import type { NetlinkMessage } from "netlink/dist/structs.js";
import { formatIp, linkNames, parseLinkInfo, parseRoute, type RtnetlinkSocket } from "../netlink/index.ts";
import type { AddressChanged, LinkChanged, NetworkChange } from "./network-change.ts";

/** `ifi_family` of news that a bridge tells about its ports; they lack most attributes, and a usual message comes besides. */
const AF_BRIDGE = 7;
/** A parameter below net/ipv4/conf or net/ipv6/conf was written (linux/rtnetlink.h, linux/netconf.h). */
const RTM_NEWNETCONF = 80;
/** bits/socket.h */
const AF_INET6 = 10;
/** `struct ifinfomsg`, `struct rtmsg` (linux/rtnetlink.h): where fields stand. */
const IFI_INDEX_AT = 4;
const RTM_TABLE_AT = 4;

/** News not yet told. */
export class RtnetlinkNews {
  readonly #last = new Map<string, NetlinkMessage>();

  /** Note a message. */
  add(message: NetlinkMessage): void {
    const key = keyOf(message);
    if (key === undefined) return;
    // A thing that changes again is told in the place of its last change.
    this.#last.delete(key);
    this.#last.set(key, message);
  }

  /** Take what there is. `socket` is asked for the names of links. */
  take(socket: RtnetlinkSocket): NetworkChange[] {
    const nameOf = linkNames(socket);
    const changes = [...this.#last.values()].map((message) => describe(message, nameOf));
    this.#last.clear();
    return changes;
  }
}

/** What names the thing that a message is about; undefined when nobody wants to hear of it. */
function keyOf({ type, data }: NetlinkMessage): string | undefined {
  switch (type) {
    case MessageType.NEWLINK:
    case MessageType.DELLINK:
      return data[0] === AF_BRIDGE ? undefined : `link ${data.readInt32LE(IFI_INDEX_AT)}`;
    case MessageType.NEWADDR:
    case MessageType.DELADDR:
      return `address ${describeAddress(data, false).name} ${data.readUInt32LE(IFI_INDEX_AT)}`;
    case MessageType.NEWROUTE:
    case MessageType.DELROUTE: {
      if (data[RTM_TABLE_AT] !== RoutingTableClass.MAIN) return undefined;
      const { family, to, metric, via, dev } = parseRoute(data, String);
      return `route ${family} ${to} ${metric} ${via} ${dev}`;
    }
    case RTM_NEWNETCONF:
      return `parameters ${parametersName(data)}`;
    default:
      return undefined;
  }
}

function parametersName(data: Buffer): string {
  return data[0] === AF_INET6 ? "ipv6" : "ipv4";
}

function describe({ type, data }: NetlinkMessage, nameOf: (index: number) => string | undefined): NetworkChange {
  switch (type) {
    case MessageType.NEWLINK:
    case MessageType.DELLINK:
      return describeLink(data, type === MessageType.DELLINK);
    case MessageType.NEWADDR:
    case MessageType.DELADDR:
      return describeAddress(data, type === MessageType.DELADDR);
    case RTM_NEWNETCONF:
      return { kind: "parameters", name: parametersName(data), isRemoved: false };
    default: {
      const route = parseRoute(data, nameOf);
      return { kind: "route", name: route.to, isRemoved: type === MessageType.DELROUTE, route };
    }
  }
}

function describeLink(data: Buffer, isRemoved: boolean): LinkChanged {
  const link = parseLinkInfo(data);
  return { kind: "link", name: link.name, isRemoved, link };
}

function describeAddress(message: Buffer, isRemoved: boolean): AddressChanged {
  const { data, attrs } = parseAddressMessage(message);
  const own = attrs.local ?? attrs.address;
  const address = own === undefined ? "" : formatIp(own);
  return { kind: "address", name: `${address}/${data.prefixlen ?? 0}`, isRemoved, index: data.index ?? 0 };
}
