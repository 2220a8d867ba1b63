/**
 * What the steps of a plan share: one rtnetlink socket and one nftables context for each network namespace, and the cgroup layout.
 *
 * @module
 */
import { Cgroups } from "./cgroup.ts";
import { RtnetlinkSocket } from "./netlink/index.ts";
import { Nftables } from "./nftables.ts";

/** Opens each thing on first use and keeps it. Disposing closes all. */
export class KernelSession implements Disposable {
  readonly #sockets = new Map<string | undefined, RtnetlinkSocket>();
  readonly #nftables = new Map<string | undefined, Nftables>();
  #cgroups: Cgroups | undefined;

  /** `cgroups` are found out on first use when left away. */
  constructor(cgroups?: Cgroups) {
    this.#cgroups = cgroups;
  }

  /** The cgroups of this host. */
  get cgroups(): Cgroups {
    this.#cgroups ??= new Cgroups();
    return this.#cgroups;
  }

  /** The socket in a network namespace, by default the own one. It stays the session's to close. */
  rtnetlink(netns?: string): RtnetlinkSocket {
    const socket = this.#sockets.get(netns) ?? RtnetlinkSocket.open(netns);
    this.#sockets.set(netns, socket);
    return socket;
  }

  /** The nftables context in a network namespace, by default the own one. It stays the session's to close. */
  nftables(netns?: string): Nftables {
    const nftables = this.#nftables.get(netns) ?? Nftables.open(netns);
    this.#nftables.set(netns, nftables);
    return nftables;
  }

  /** Close what is open inside a namespace, which would keep it alive after its name is gone. */
  leave(netns: string): void {
    this.#sockets.get(netns)?.close();
    this.#sockets.delete(netns);
    this.#nftables.get(netns)?.close();
    this.#nftables.delete(netns);
  }

  /** Close what is open inside all namespaces but the own. */
  leaveAll(): void {
    for (const netns of [...this.#sockets.keys(), ...this.#nftables.keys()]) if (netns !== undefined) this.leave(netns);
  }

  [Symbol.dispose](): void {
    this.leaveAll();
    this.#sockets.get(undefined)?.close();
    this.#sockets.clear();
    this.#nftables.get(undefined)?.close();
    this.#nftables.clear();
  }
}
