/**
 * Duplicates of the terminals and standard inputs that netd-runtime holds: as long as one of the two processes lives, no container's terminal
 * hangs up.
 *
 * @module
 */
import { closeDescriptor, duplicateDescriptor } from "../kernel/index.ts";
import type { KeptDescriptor, RuntimeClient } from "../runtime/index.ts";

/** Keeps them by container and purpose. */
export class KeptDescriptors {
  readonly #kept = new Map<string, KeptDescriptor>();
  /** Pid of the runtime that they were taken from. */
  #origin: number | undefined;

  /** Duplicate what the runtime with `pid` offers. What it closed in the meantime is left out. */
  take(pid: number, offered: readonly KeptDescriptor[]): void {
    this.#origin = pid;
    for (const descriptor of offered) {
      try {
        const fd = duplicateDescriptor(pid, descriptor.fd);
        this.release(descriptor.containerId, descriptor.purpose);
        this.#kept.set(keyOf(descriptor), { ...descriptor, fd });
      } catch {
        // The container has ended already, and its terminal with it.
      }
    }
  }

  /** After a connection: give a new runtime what its predecessor had, or take what an old one has that we don't know. */
  async settle(client: RuntimeClient, pid: number): Promise<void> {
    if (this.#origin !== undefined && this.#origin !== pid) {
      await client.call("restoreDescriptors", { pid: process.pid, descriptors: [...this.#kept.values()] });
      this.#origin = pid;
      return;
    }
    const { descriptors } = await client.call("descriptors", {});
    this.take(pid, descriptors);
  }

  /** Close those of a container that has ended; or only one. */
  release(containerId: string, purpose?: KeptDescriptor["purpose"]): void {
    for (const [key, descriptor] of this.#kept) {
      if (descriptor.containerId !== containerId || (purpose !== undefined && descriptor.purpose !== purpose)) continue;
      closeDescriptor(descriptor.fd);
      this.#kept.delete(key);
    }
  }
}

function keyOf({ containerId, purpose }: KeptDescriptor): string {
  return `${containerId}/${purpose}`;
}
