/**
 * One container as netd holds it in memory, and how it is shown.
 *
 * @module
 */
import type { ContainerInfo, ContainerState, Endpoint, LeaseInfo } from "../api/index.ts";
import type { Lease } from "../ipam/index.ts";
import type { Timer } from "./clock.ts";
import type { ContainerPaths } from "./container-dir.ts";
import { hostInterfaceName } from "./endpoint/endpoint-plan.ts";
import type { ContainerRow, NetworkRow } from "./state-store.ts";

/** A container: what the state file holds, its lease and its paths. */
export interface Container {
  row: ContainerRow;
  /** Its place in a network, when it has one of its own. */
  readonly lease: Lease | undefined;
  readonly paths: ContainerPaths;
  readonly hostInterface: string;
  /** Waits for whatever changes this container now; the next change starts after it. */
  busy: Promise<unknown>;
  /** Settles when nothing of its last stay in the network is left in the kernel. */
  left: Promise<void>;
  /** Checks its health while it runs. */
  monitor?: { stop(): void };
  /** Waits for its next restart. */
  restart?: Timer;
  /** A user restarts it: its end is not the end of it. */
  isBeingRestarted?: boolean;
  /** Called once each when it has exited and been dealt with. */
  readonly onExit: Set<(exitCode: number) => void>;
  /** Called once each when it has been removed. */
  readonly onRemove: Set<(exitCode: number) => void>;
}

/** Hold a container that was read from the store or is being made. */
export function makeContainer(row: ContainerRow, lease: Lease | undefined, paths: ContainerPaths): Container {
  return {
    row,
    lease,
    paths,
    hostInterface: hostInterfaceName(row.id),
    busy: Promise.resolve(),
    left: Promise.resolve(),
    onExit: new Set(),
    onRemove: new Set(),
  };
}

/** Where namespaces are pinned, so that ip-netns(8) shows them. */
export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/** Show a container as the API does. */
export function containerInfo(container: Container, network: NetworkRow): ContainerInfo {
  const { row, lease, paths } = container;
  const { id, name, spec, command, createdAt, hostname } = row;
  return {
    id,
    name,
    image: spec.image,
    command,
    state: shownState(row),
    ...pick(row, [
      "pid",
      "exitCode",
      "oomKilled",
      "error",
      "startedAt",
      "finishedAt",
      "isStoppedByUser",
      "health",
      "launch",
      "logLoss",
    ]),
    restartCount: row.restartCount ?? 0,
    createdAt,
    hostname,
    networkMode: row.network,
    ...(lease === undefined ? {} : { endpoint: endpointOf(container, lease, network) }),
    labels: spec.labels ?? {},
    spec,
    files: { hosts: paths.hosts, hostname: paths.hostname, resolvConf: paths.resolvConf, log: paths.log },
  };
}

function endpointOf({ row, hostInterface }: Container, lease: Lease, network: NetworkRow): Endpoint {
  return {
    network: network.name,
    address: lease.address,
    prefixLength: Number(network.subnet.split("/")[1]),
    gateway: network.gateway,
    mac: lease.mac,
    hostInterface,
    netns: netnsPath(row.name),
  };
}

/** Show a container's lease as the API does. */
export function leaseInfo({ row, hostInterface }: Container, lease: Lease): LeaseInfo {
  return {
    address: lease.address,
    mac: lease.mac,
    container: row.name,
    containerId: row.id,
    network: lease.network,
    hostInterface,
    state: shownState(row),
    since: lease.since,
  };
}

/** The state as people know it: a paused container is one that runs to the rest of netd. */
function shownState({ state, isPaused }: ContainerRow): ContainerState {
  return state === "running" && isPaused === true ? "paused" : state;
}

/** The named properties that are there. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}
