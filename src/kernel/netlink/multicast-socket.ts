/**
 * A socket that hears what the kernel tells everybody who listens (netlink(7), multicast groups).
 *
 * @module
 */
import { createNetlink, type NetlinkSocket } from "netlink/dist/netlink.js";
import type { NetlinkMessage } from "netlink/dist/structs.js";
import { countLost, holdMessages, loseSilently } from "./listening.ts";

/** What is listened to. */
export interface MulticastSocketOptions {
  /** Number of the netlink protocol. */
  protocol: number;
  /** Numbers of its groups. */
  groups: readonly number[];
  /** Told of each datagram's messages, in their order. */
  onMessages: (messages: NetlinkMessage[]) => void;
  /** Bytes of news that wait for us while we do something else; default 4 MiB. */
  holdBytes?: number | undefined;
}

const HOLD_BYTES = 4 * 1024 * 1024;

/** Listens in the network namespace where it was made, until it is disposed of. Does not keep the process running. */
export class MulticastSocket implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #fd: number;
  #lost = 0;

  constructor({ protocol, groups, onMessages, holdBytes = HOLD_BYTES }: MulticastSocketOptions) {
    this.#socket = createNetlink(protocol);
    try {
      this.#fd = loseSilently(this.#socket.address().port);
      holdMessages(this.#fd, holdBytes);
      this.#socket.on("message", onMessages);
      for (const group of groups) this.#socket.addMembership(group);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Whether messages were lost since this was asked last. What was lost is followed by messages that were not, so asking after each is enough. */
  hasLost(): boolean {
    const lost = countLost(this.#fd);
    const hasLost = lost !== this.#lost;
    this.#lost = lost;
    return hasLost;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
