/**
 * The kernel's tables of neighbours, and how many entries they take, as `ip ntable` lists them (linux/neighbour.h).
 *
 * @module
 */
import { getString, getU32, parseAttributes } from "netlink/dist/structs.js";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** One table of neighbours. All network namespaces of a host share it. */
export interface NeighbourTable {
  /** `arp_cache` or `ndisc_cache`. */
  name: string;
  /** Entries that it takes at most: `gc_thresh3`. Those that are permanent do not count. */
  limit: number;
}

/** linux/rtnetlink.h */
const RTM_GETNEIGHTBL = 66;
const NDTA = { NAME: 1, THRESH3: 4 } as const;
const NDTMSG_LENGTH = 4;

/** List the tables. */
export function listNeighbourTables(socket: RtnetlinkSocket): NeighbourTable[] {
  const messages = socket.dump({
    type: RTM_GETNEIGHTBL,
    body: (out) => out.emit(Buffer.alloc(NDTMSG_LENGTH)),
    call: () => "list tables of neighbours (RTM_GETNEIGHTBL)",
  });
  return messages.flatMap((message) => {
    let name: string | undefined;
    let limit: number | undefined;
    parseAttributes(message.subarray(NDTMSG_LENGTH), ({ type, data }) => {
      if (type === NDTA.NAME) name = getString(data);
      else if (type === NDTA.THRESH3) limit = getU32(data);
    });
    // The parameters of single links come in messages of their own, without limits.
    return name === undefined || limit === undefined ? [] : [{ name, limit }];
  });
}
