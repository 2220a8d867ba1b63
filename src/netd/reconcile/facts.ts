/**
 * What the kernel has, as far as reconciling needs it: one snapshot of the host, and of those containers' namespaces that were looked into.
 *
 * @module
 */
import type { LinkInfo, LinkQueues, RouteInfo } from "../../kernel/index.ts";

/** What is in one network namespace. */
export interface PlaceFacts {
  /** By name. */
  links: ReadonlyMap<string, LinkInfo>;
  /** `ADDRESS/LENGTH` by link. */
  addresses: ReadonlyMap<string, readonly string[]>;
  /** Of table `main`. */
  routes: readonly RouteInfo[];
  /** Values of the kernel parameters that were asked for; one that is absent was not, or there is none. */
  sysctls: ReadonlyMap<string, string>;
  /** Bridge ports that were looked at, and whether they are isolated. */
  ports: ReadonlyMap<string, boolean>;
}

/** What is on the host. */
export interface KernelFacts extends PlaceFacts {
  /** Queues by the number of their link; undefined: they were not asked for. */
  queues?: ReadonlyMap<number, LinkQueues> | undefined;
  /** By name under /run/netns, those that were looked into; undefined: there is no such namespace. */
  namespaces: ReadonlyMap<string, PlaceFacts | undefined>;
}

/** A host that has nothing. */
export const NO_FACTS: KernelFacts = {
  links: new Map(),
  addresses: new Map(),
  routes: [],
  sysctls: new Map(),
  ports: new Map(),
  namespaces: new Map(),
};
