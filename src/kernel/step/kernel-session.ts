/**
 * What the steps of a plan share: one rtnetlink socket and one nftables context for each network namespace, and the cgroup layout.
 *
 * @module
 */
import { Cgroups } from "../cgroup/cgroups.ts";
import { close } from "../libc.ts";
import { getLink, RtnetlinkSocket } from "../netlink/index.ts";
import { openNetns, visitNetns } from "../netns/netns.ts";
import { Nftables } from "../nft/nftables.ts";

/** What is open inside one network namespace. */
interface Opened {
  /** Descriptor of the namespace itself; absent for the own one. */
  fd?: number;
  socket?: RtnetlinkSocket;
  nftables?: Nftables;
  /** Indexes of links by name. An index is never used twice, so that a stale one only fails. */
  indexes: Map<string, number>;
}

/**
 * Opens each thing on first use and keeps it: a plan visits the same few namespaces again and again. Disposing closes all.
 *
 * `netns` is a name under /run/netns, an absolute path, or undefined for the own namespace.
 */
export class KernelSession implements Disposable {
  readonly #opened = new Map<string | undefined, Opened>();
  #cgroups: Cgroups | undefined;
  #own: number | undefined;

  /** `cgroups` are found out on first use when left away. */
  constructor(cgroups?: Cgroups) {
    this.#cgroups = cgroups;
  }

  /** The cgroups of this host. */
  get cgroups(): Cgroups {
    this.#cgroups ??= new Cgroups();
    return this.#cgroups;
  }

  /** Call a synchronous function with the thread in a network namespace. */
  inNetns<T>(netns: string | undefined, fn: () => T): T {
    if (netns === undefined) return fn();
    this.#own ??= openNetns();
    return visitNetns(this.netnsFd(netns), this.#own, fn);
  }

  /** A descriptor of a network namespace. It stays the session's to close. */
  netnsFd(netns: string): number {
    const opened = this.#at(netns);
    opened.fd ??= openNetns(netns);
    return opened.fd;
  }

  /** The socket in a network namespace. It stays the session's to close. */
  rtnetlink(netns?: string): RtnetlinkSocket {
    const opened = this.#at(netns);
    opened.socket ??= this.inNetns(netns, () => RtnetlinkSocket.open());
    return opened.socket;
  }

  /** The nftables context in a network namespace. It stays the session's to close. */
  nftables(netns?: string): Nftables {
    const opened = this.#at(netns);
    opened.nftables ??= this.inNetns(netns, () => Nftables.open());
    return opened.nftables;
  }

  /** Index of a link, asked once. @throws {KernelError} ENODEV when there is none */
  linkIndex(name: string, netns?: string): number {
    const { indexes } = this.#at(netns);
    const index = indexes.get(name) ?? getLink(this.rtnetlink(netns), name).index;
    indexes.set(name, index);
    return index;
  }

  /** Forget the index of a link that is deleted. */
  forgetLink(name: string, netns?: string): void {
    this.#at(netns).indexes.delete(name);
  }

  /** Close what is open inside a namespace, which would keep it alive after its name is gone. */
  leave(netns: string): void {
    const opened = this.#opened.get(netns);
    if (opened !== undefined) closeAll(opened);
    this.#opened.delete(netns);
  }

  /** End a plan: close what is open inside all namespaces but the own, and forget what may change until the next plan. */
  leaveAll(): void {
    for (const netns of [...this.#opened.keys()]) if (netns !== undefined) this.leave(netns);
    this.#opened.get(undefined)?.indexes.clear();
  }

  [Symbol.dispose](): void {
    for (const opened of this.#opened.values()) closeAll(opened);
    this.#opened.clear();
    if (this.#own !== undefined) close(this.#own);
    this.#own = undefined;
  }

  #at(netns: string | undefined): Opened {
    const opened = this.#opened.get(netns) ?? { indexes: new Map() };
    this.#opened.set(netns, opened);
    return opened;
  }
}

function closeAll({ fd, socket, nftables }: Opened): void {
  socket?.close();
  nftables?.close();
  if (fd !== undefined) close(fd);
}
