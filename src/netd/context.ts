/**
 * What the parts of the daemon share.
 *
 * @module
 */
import type { DnsClient } from "../dns/index.ts";
import type { ImageStore } from "../image/index.ts";
import type { Ipam } from "../ipam/index.ts";
import type { KernelSession, LinkWatcher } from "../kernel/index.ts";
import type { Logger } from "../logger.ts";
import type { RuntimeClient } from "../runtime/index.ts";
import type { PendingChanges } from "./change/pending-changes.ts";
import type { Clock } from "./clock.ts";
import type { ContainerRegistry } from "./container-registry.ts";
import type { EventFeed } from "./events.ts";
import type { Firewall } from "./firewall/firewall.ts";
import type { ForeignAccess } from "./foreign/foreign-access.ts";
import type { HelperProcess } from "./helper-process.ts";
import type { Journal } from "./journal.ts";
import type { HostsWriter } from "./names/hosts-writer.ts";
import type { Networks } from "./network/networks.ts";
import type { DaemonOptions } from "./options.ts";
import type { Reconciler } from "./reconcile/reconciler.ts";
import type { StateStore } from "./state-store.ts";
import type { VolumeStore } from "./storage/volume-store.ts";

/** The link by which packets leave the host. */
export interface Uplink {
  /** Its largest packet, in bytes: what networks have that don't say otherwise. */
  mtu: number;
}

/** The daemon's parts, made once at start and handed to whoever needs them. */
export interface DaemonContext {
  readonly options: DaemonOptions;
  /** Ownership tag: eight hexadecimal digits, in the alias of every link and the path of every cgroup. */
  readonly instance: string;
  readonly store: StateStore;
  readonly ipam: Ipam;
  readonly images: ImageStore;
  readonly networks: Networks;
  /** The rules in force. */
  readonly firewall: Firewall;
  /** What the host's way out is like now; it changes under our feet. */
  readonly uplink: Uplink;
  /** Tells when the kernel is done with a veth pair. */
  readonly links: LinkWatcher;
  readonly containers: ContainerRegistry;
  readonly volumes: VolumeStore;
  readonly runtime: HelperProcess<RuntimeClient>;
  readonly dns: HelperProcess<DnsClient>;
  readonly journal: Journal;
  /** Netlink sockets that stay open between plans. */
  readonly session: KernelSession;
  readonly events: EventFeed;
  /** Our place beside the firewalls of others. */
  readonly foreign: ForeignAccess;
  /** Rewrites the hosts files after a change of membership. */
  readonly hosts: HostsWriter;
  /** Puts back what strangers change. */
  readonly reconciler: Reconciler;
  /** Changes that wait for their confirmation. */
  readonly changes: PendingChanges;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly clock: Clock;
}

/** Path of this netd's cgroups below each controller's root. */
export function cgroupParent(instance: string): string {
  return `/netd/${instance}`;
}
