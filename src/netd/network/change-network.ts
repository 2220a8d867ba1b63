/**
 * Changes of a network: what it becomes, and the steps that bring its running containers there. Pure.
 *
 * Every step can be carried out again, so that a change that netd did not live to finish is finished by the same plan.
 *
 * @module
 */
import type { NetworkChange, NetworkRoute } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import type { EndpointPlanInput } from "../endpoint/endpoint-plan.ts";
import { checkNetwork } from "./check-network.ts";
import { givenSettings } from "./given-settings.ts";
import type { HostAddress } from "./host-facts.ts";
import type { NetworkRow } from "./network-row.ts";

/**
 * Work out what a network becomes.
 *
 * @throws {NetdError} NETWORK_INVALID, ADDRESS_INVALID, SUBNET_INVALID, IPAM_ADDRESS_OUTSIDE_SUBNET: nothing was done
 */
export function changeNetwork(
  row: NetworkRow,
  change: NetworkChange,
  hostAddresses: readonly HostAddress[],
): NetworkRow {
  checkChange(row, change);
  const { mtu, nat, nat6, domain } = change;
  const { mtu: oldMtu, domain: oldDomain, ...rest } = row;
  const newMtu = mtu === undefined ? oldMtu : mtu === 0 ? undefined : mtu;
  const newDomain = domain === undefined ? oldDomain : domain === "" ? undefined : domain;
  const changed: NetworkRow = {
    ...rest,
    ...(newMtu === undefined ? {} : { mtu: newMtu }),
    ...(newDomain === undefined ? {} : { domain: newDomain }),
    ...givenSettings(change),
  };
  checkNetwork(changed, nat === undefined && nat6 === undefined ? undefined : hostAddresses);
  return changed;
}

/** @throws {NetdError} NETWORK_INVALID */
function checkChange({ name, kind, subnet, subnet6 }: NetworkRow, change: NetworkChange): void {
  const isMacvlan = kind === "macvlan";
  const conflicts: [isSo: boolean, why: string, remedy: string][] = [
    [change.nat !== undefined && subnet === undefined, "--nat: it has no IPv4", "Give --nat6"],
    [change.nat6 !== undefined && subnet6 === undefined, "--nat6: it has no IPv6", "Give --nat"],
    [
      isMacvlan && isOn(change.nat),
      `--nat ${change.nat}: it is of kind macvlan`,
      "Leave it out: the host forwards nothing for such a network",
    ],
    [
      isMacvlan && isOn(change.nat6),
      `--nat6 ${change.nat6}: it is of kind macvlan`,
      "Leave it out: the host forwards nothing for such a network",
    ],
    [
      isMacvlan && change.internal === true,
      "--internal: it is of kind macvlan",
      "It reaches whoever is on the parent link",
    ],
    [
      isMacvlan && change.isolated === true,
      "--isolated: it is of kind macvlan",
      "Make it anew with --macvlan-mode private",
    ],
    [isMacvlan && change.mtu === 0, "--mtu 0: it is of kind macvlan", "Give the MTU of its parent link"],
    [
      change.internal === true && isOn(change.nat),
      `--internal and --nat ${change.nat}`,
      "Nothing leaves an internal network: leave one of the two out",
    ],
    [
      change.internal === true && isOn(change.nat6),
      `--internal and --nat6 ${change.nat6}`,
      "Nothing leaves an internal network: leave one of the two out",
    ],
  ];
  const found = conflicts.find(([isSo]) => isSo);
  if (found === undefined) return;
  throw new NetdError("NETWORK_INVALID", `Cannot set network '${name}' with ${found[1]}`, { remedy: found[2] });
}

function isOn(nat: string | undefined): boolean {
  return nat !== undefined && nat !== "off";
}

/** What is planned of a container's place, as far as a change of its network goes. */
export type PlannedEndpoint = Pick<
  EndpointPlanInput,
  "netns" | "interface" | "hostInterface" | "macvlanMode" | "isIsolated" | "mtu" | "routes" | "via" | "via6"
>;

/** One container's places, as they were planned before a change and as they are after it. */
export interface ContainerChange {
  before: readonly PlannedEndpoint[];
  after: readonly PlannedEndpoint[];
}

/** A bridge whose MTU changes. */
export interface BridgeMtuChange {
  bridge: string;
  before: number;
  after: number;
}

/**
 * Plan what a change means for the bridge and for containers that run. A larger MTU goes from the bridge to the containers and a smaller one the
 * other way, so that nobody sends what the next one does not take.
 */
export function planChange(bridge: BridgeMtuChange | undefined, containers: readonly ContainerChange[]): NetworkStep[] {
  const pairs = containers.flatMap(({ before, after }) =>
    after.flatMap((input) => {
      const old = before.find(({ interface: name }) => name === input.interface);
      return old === undefined ? [] : [{ old, input }];
    }),
  );
  const resized = pairs.filter(({ old, input }) => old.mtu !== input.mtu);
  const outward: NetworkStep[] = [
    ...(bridge === undefined || bridge.before === bridge.after ? [] : [setMtu(bridge.bridge, bridge.after)]),
    ...resized.flatMap(({ input }) =>
      input.macvlanMode === undefined ? [setMtu(input.hostInterface, input.mtu)] : [],
    ),
    ...resized.map(({ input }) => setMtu(input.interface, input.mtu, input.netns)),
  ];
  const isShrinking = bridge ?? { before: resized[0]?.old.mtu ?? 0, after: resized[0]?.input.mtu ?? 0 };
  return [
    ...(isShrinking.after < isShrinking.before ? outward.toReversed() : outward),
    ...pairs.flatMap(({ old, input }) => planPort(old, input)),
    ...pairs.flatMap(({ old, input }) => planRoutes(old, input)),
    ...containers.flatMap(({ before, after }) => planDefaults(before, after)),
  ];
}

function setMtu(name: string, mtu: number, netns?: string): NetworkStep {
  return { op: "link.set", ...(netns === undefined ? {} : { netns }), name, mtu };
}

function planPort(old: PlannedEndpoint, { hostInterface, isIsolated }: PlannedEndpoint): NetworkStep[] {
  return old.isIsolated === isIsolated ? [] : [{ op: "port.set", name: hostInterface, isolated: isIsolated }];
}

function planRoutes(old: PlannedEndpoint, { netns, interface: dev, routes }: PlannedEndpoint): NetworkStep[] {
  const isIn = (list: readonly NetworkRoute[], route: NetworkRoute): boolean =>
    list.some(({ to, via }) => to === route.to && via === route.via);
  const gone = old.routes.filter((route) => !routes.some(({ to }) => to === route.to));
  const come = routes.filter((route) => !isIn(old.routes, route));
  return [
    ...gone.map(({ to, via }): NetworkStep => ({ op: "route.delete", netns, to, via, dev })),
    ...come.map(({ to, via }): NetworkStep => ({ op: "route.replace", netns, to, via, dev })),
  ];
}

/** A default route may move to another interface, when a network becomes internal or ceases to be. */
function planDefaults(before: readonly PlannedEndpoint[], after: readonly PlannedEndpoint[]): NetworkStep[] {
  return (["via", "via6"] as const).flatMap((family): NetworkStep[] => {
    const old = before.find((input) => input[family] !== undefined);
    const wanted = after.find((input) => input[family] !== undefined);
    if (old?.[family] === wanted?.[family] && old?.interface === wanted?.interface) return [];
    if (wanted !== undefined) {
      return [{ op: "route.replace", netns: wanted.netns, to: "default", via: wanted[family], dev: wanted.interface }];
    }
    return old === undefined
      ? []
      : [{ op: "route.delete", netns: old.netns, to: "default", via: old[family], dev: old.interface }];
  });
}
