/**
 * Hears of links that disappear. The kernel takes a namespace and its veth pairs down in a worker of its own, after the last user has left; who
 * wants to know when that is done must listen.
 *
 * @module
 */
import { MessageType, MulticastGroups, parseLinkMessage } from "netlink/dist/rt/structs.js";
import { findLink, MulticastSocket, RtnetlinkSocket } from "../netlink/index.ts";

/** NETLINK_ROUTE (linux/netlink.h). */
const NETLINK_ROUTE = 0;
/** How often links are looked for themselves while somebody waits, in milliseconds: news may have been lost. */
const LOOK_MS = 50;
/** News that are lost only cost a look. */
const HOLD_BYTES = 128 * 1024;

/** Listens in the network namespace where it was made (rtnetlink(7), RTNLGRP_LINK) until it is disposed of. */
export class LinkWatcher implements Disposable {
  readonly #socket: MulticastSocket;
  readonly #asker = RtnetlinkSocket.open();
  readonly #waiting = new Map<string, Set<() => void>>();
  #look: NodeJS.Timeout | undefined;

  constructor() {
    this.#socket = new MulticastSocket({
      protocol: NETLINK_ROUTE,
      groups: [MulticastGroups.LINK],
      holdBytes: HOLD_BYTES,
      onMessages: (messages) => {
        for (const { type, data } of messages) {
          if (type === MessageType.DELLINK) this.#tellGone(parseLinkMessage(data).attrs.ifname ?? "");
        }
      },
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
        if (this.#waiting.size === 0) this.#look = void clearInterval(this.#look);
        resolve(isGone);
      };
      const onGone = (): void => settle(true);
      const timer = setTimeout(() => settle(!this.#has(name)), limitMs);
      listeners.add(onGone);
      this.#waiting.set(name, listeners);
      this.#look ??= setInterval(() => this.#lookAgain(), LOOK_MS);
      // Asked after listening began, so that its end can't fall in between.
      if (!this.#has(name)) settle(true);
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#look);
    this.#socket[Symbol.dispose]();
    this.#asker[Symbol.dispose]();
  }

  #lookAgain(): void {
    for (const name of [...this.#waiting.keys()]) if (!this.#has(name)) this.#tellGone(name);
  }

  #has(name: string): boolean {
    return findLink(this.#asker, name) !== undefined;
  }

  #tellGone(name: string): void {
    for (const listener of [...(this.#waiting.get(name) ?? [])]) listener();
  }
}
