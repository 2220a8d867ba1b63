/**
 * Tells changes of our own from those of strangers: the kernel's news carry the port of the socket that asked for the change.
 *
 * @module
 */
import { netlinkPort, ownNetlinkSockets } from "../netlink/index.ts";

/** Knows the netlink ports of this process. A socket that is closed by the time its news are read counts as a stranger's. */
export class OwnPorts {
  /** Descriptor by port. */
  readonly #found = new Map<number, number>();

  /** Whether a netlink socket of ours has this port. */
  has(port: number): boolean {
    const fd = this.#found.get(port);
    if (fd !== undefined && netlinkPort(fd) === port) return true;
    this.#found.clear();
    for (const own of ownNetlinkSockets()) this.#found.set(netlinkPort(own) ?? 0, own);
    return this.#found.has(port);
  }
}
