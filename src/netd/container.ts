/**
 * One container as netd holds it in memory, and how it is shown.
 *
 * @module
 */
import type { ContainerInfo, ContainerState, Endpoint } from "../api/index.ts";
import type { Timer } from "./clock.ts";
import type { ContainerPaths } from "./container-dir.ts";
import { chooseDefaultRoutes } from "./endpoint/default-route.ts";
import type { ContainerEndpoint } from "./endpoint/endpoint-row.ts";
import type { Networks } from "./network/networks.ts";
import type { ContainerRow } from "./state-store.ts";

/** A container: what the state file holds, its places in networks and its paths. */
export interface Container {
  row: ContainerRow;
  /** Its places in networks, as in its row; none when it has no network of its own. */
  endpoints: readonly ContainerEndpoint[];
  readonly paths: ContainerPaths;
  /** Waits for whatever changes this container now; the next change starts after it. */
  busy: Promise<unknown>;
  /** Changes of this container that are being made or wait for their turn. */
  turns: number;
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
export function makeContainer(
  row: ContainerRow,
  endpoints: readonly ContainerEndpoint[],
  paths: ContainerPaths,
): Container {
  return {
    row,
    endpoints,
    paths,
    busy: Promise.resolve(),
    turns: 0,
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
export function containerInfo(container: Container, networks: Networks): ContainerInfo {
  const { row, paths } = container;
  const endpoints = container.endpoints.map((endpoint) => showEndpoint(container, endpoint, networks));
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
    ...(endpoints[0] === undefined ? {} : { endpoint: endpoints[0], endpoints }),
    ...(row.ports.length === 0 ? {} : { ports: row.ports }),
    labels: spec.labels ?? {},
    spec,
    files: { hosts: paths.hosts, hostname: paths.hostname, resolvConf: paths.resolvConf, log: paths.log },
  };
}

/** Show a container's place in a network as the API does. */
export function showEndpoint({ row, endpoints }: Container, endpoint: ContainerEndpoint, networks: Networks): Endpoint {
  const { lease, lease6, mac, hostInterface } = endpoint;
  const { network, interface: name, aliases } = endpoint.row;
  const { kind, bridge, subnet, gateway, subnet6, gateway6 } = networks.find(network);
  const places = endpoints.map((place) => ({ row: place.row, network: networks.find(place.row.network) }));
  const first = lease ?? lease6;
  return {
    network,
    interface: name,
    address: first?.address ?? "",
    prefixLength: prefixLength(lease === undefined ? subnet6 : subnet),
    ...(gateway === undefined ? {} : { gateway }),
    ...(lease6 === undefined ? {} : { address6: lease6.address, prefixLength6: prefixLength(subnet6) }),
    ...(gateway6 === undefined ? {} : { gateway6 }),
    mac,
    ...(aliases.length === 0 ? {} : { aliases }),
    defaultRoute: Object.values(chooseDefaultRoutes(places)).includes(name),
    hostInterface: kind === "macvlan" ? bridge : hostInterface,
    netns: netnsPath(row.name),
  };
}

function prefixLength(subnet: string | undefined): number {
  return Number(subnet?.split("/")[1] ?? 0);
}

/** The state as people know it: a paused container is one that runs to the rest of netd. */
export function shownState({ state, isPaused }: ContainerRow): ContainerState {
  return state === "running" && isPaused === true ? "paused" : state;
}

/** The named properties that are there. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}
