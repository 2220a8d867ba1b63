/**
 * Hears of links that disappear. The kernel takes a namespace and its veth pairs down in a worker of its own, after the last user has left; who
 * wants to know when that is done must listen.
 *
 * @module
 */
import { createNetlink, type NetlinkSocket } from "netlink/dist/netlink.js";
import { MessageType, MulticastGroups, parseLinkMessage } from "netlink/dist/rt/structs.js";
import { findLink, RtnetlinkSocket } from "./netlink/index.ts";

/** NETLINK_ROUTE (linux/netlink.h). */
const NETLINK_ROUTE = 0;

/** Listens in the network namespace where it was made (rtnetlink(7), RTNLGRP_LINK) until it is disposed of. */
export class LinkWatcher implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor() {
    this.#socket = createNetlink(NETLINK_ROUTE);
    this.#socket.addMembership(MulticastGroups.LINK);
    this.#socket.on("message", (messages) => {
      for (const { type, data } of messages) {
        if (type === MessageType.DELLINK) this.#tellGone(parseLinkMessage(data).attrs.ifname ?? "");
      }
    });
  }

  /** Settles when there is no link of this name: true then, false when it is still there after `limitMs`. */
  async gone(name: string, limitMs: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const listeners = this.#waiting.get(name) ?? new Set();
      const settle = (isGone: boolean): void => {
        clearTimeout(timer);
        listeners.delete(onGone);
        if (listeners.size === 0) this.#waiting.delete(name);
        resolve(isGone);
      };
      const onGone = (): void => settle(true);
      const timer = setTimeout(() => settle(!hasLink(name)), limitMs);
      listeners.add(onGone);
      this.#waiting.set(name, listeners);
      // Asked after listening began, so that its end can't fall in between.
      if (!hasLink(name)) settle(true);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #tellGone(name: string): void {
    for (const listener of [...(this.#waiting.get(name) ?? [])]) listener();
  }
}

function hasLink(name: string): boolean {
  using socket = RtnetlinkSocket.open();
  return findLink(socket, name) !== undefined;
}
