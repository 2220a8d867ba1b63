/**
 * The socket for links, addresses, routes, neighbours and traffic control (rtnetlink(7)).
 *
 * @module
 */
import { NetlinkSocket, openNetlink } from "./netlink-socket.ts";

/** linux/netlink.h */
const NETLINK_ROUTE = 0;

/** A socket that stays in the network namespace where it was opened. Disposing closes it. */
export class RtnetlinkSocket extends NetlinkSocket {
  /**
   * Open a socket in a network namespace, by default the thread's own.
   *
   * @throws {NetdError} KERNEL_CALL_FAILED when there is no such namespace
   */
  static open(netns?: string): RtnetlinkSocket {
    return new RtnetlinkSocket(openNetlink(NETLINK_ROUTE, netns));
  }
}
