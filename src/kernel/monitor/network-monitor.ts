/**
 * Hears of everything that anybody changes in a network namespace: links, addresses, routes, forwarding and nftables.
 *
 * Legacy iptables (the xtables interface) and most sysctls tell nobody of their changes: who cares must look now and then.
 *
 * @module
 */
import { MulticastGroups } from "netlink/dist/rt/structs.js";
import type { NetlinkMessage } from "netlink/dist/structs.js";
import { MulticastSocket, RtnetlinkSocket } from "../netlink/index.ts";
import type { NetworkChanges } from "./network-change.ts";
import { NETLINK_NETFILTER, NFNLGRP_NFTABLES, NftablesNews } from "./nftables-news.ts";
import { OwnPorts } from "./own-ports.ts";
import { RtnetlinkNews } from "./rtnetlink-news.ts";

/** How a {@link NetworkMonitor} listens. */
export interface NetworkMonitorOptions {
  /** Told of what changed. It must not throw. */
  onChange: (changes: NetworkChanges) => void;
  /** How long changes are collected before they are told, in milliseconds from the first; default 20. */
  collectMs?: number | undefined;
  /**
   * Tell what this process did itself, too; default false. Left out then are addresses, routes and nftables that were changed through an open
   * socket of ours. News about links do not always carry who asked for the change: compare {@link NetworkChange} with what should be.
   */
  hasOwn?: boolean | undefined;
  /** Bytes of news that wait for us while we do something else; default 4 MiB. */
  holdBytes?: number | undefined;
}

/** NETLINK_ROUTE (linux/netlink.h). */
const NETLINK_ROUTE = 0;
/** RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF (linux/rtnetlink.h). */
const NETCONF_GROUPS = [24, 25];
const ROUTE_GROUPS = [
  ...NETCONF_GROUPS,
  MulticastGroups.LINK,
  MulticastGroups.IPV4_IFADDR,
  MulticastGroups.IPV6_IFADDR,
  MulticastGroups.IPV4_ROUTE,
  MulticastGroups.IPV6_ROUTE,
];
const COLLECT_MS = 20;

/** Listens in the network namespace where it was made, until it is disposed of. Does not keep the process running. */
export class NetworkMonitor implements Disposable {
  readonly #options: NetworkMonitorOptions;
  readonly #own = new OwnPorts();
  readonly #asker = RtnetlinkSocket.open();
  readonly #rtnetlink = new RtnetlinkNews();
  readonly #nftables = new NftablesNews();
  readonly #sockets: MulticastSocket[] = [];
  /** Ports of this round of news: whether they are ours. */
  readonly #ports = new Map<number, boolean>();
  #timer: NodeJS.Timeout | undefined;

  /** @throws {NetdError} KERNEL_CALL_FAILED when the kernel lacks one of the protocols */
  constructor(options: NetworkMonitorOptions) {
    this.#options = options;
    try {
      this.#listen(NETLINK_ROUTE, ROUTE_GROUPS, this.#rtnetlink);
      this.#listen(NETLINK_NETFILTER, [NFNLGRP_NFTABLES], this.#nftables);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket[Symbol.dispose]();
    this.#asker[Symbol.dispose]();
  }

  #listen(protocol: number, groups: number[], news: { add(message: NetlinkMessage): void }): void {
    const onMessages = (messages: NetlinkMessage[]): void => {
      for (const message of messages) if (!this.#isOwn(message)) news.add(message);
      // Also when there is nothing to tell of these: some may have been lost.
      this.#tellSoon();
    };
    this.#sockets.push(new MulticastSocket({ protocol, groups, onMessages, holdBytes: this.#options.holdBytes }));
  }

  #isOwn({ port }: NetlinkMessage): boolean {
    if (port === 0 || this.#options.hasOwn === true) return false;
    // Asked once for each telling: a transaction of ours may be told in thousands of messages.
    const known = this.#ports.get(port) ?? this.#own.has(port);
    this.#ports.set(port, known);
    return known;
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => this.#tell(), this.#options.collectMs ?? COLLECT_MS).unref();
  }

  #tell(): void {
    this.#timer = undefined;
    this.#ports.clear();
    // Each is asked, so that each forgets.
    const isIncomplete = this.#sockets.map((socket) => socket.hasLost()).includes(true);
    const changes = [...this.#rtnetlink.take(this.#asker), ...this.#nftables.take()];
    if (isIncomplete || changes.length > 0) this.#options.onChange({ isIncomplete, changes });
  }
}
