/**
 * What netd wants of the kernel now, written as the plans that would make it on an empty host.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { endpointInputs } from "../endpoint/endpoint-input.ts";
import { planJoin } from "../endpoint/endpoint-plan.ts";
import { neededSysctls } from "../network/host-sysctls.ts";
import { planBridge } from "../network/network-plan.ts";
import type { NetworkRow } from "../network/network-row.ts";
import type { DesiredPart } from "./drift.ts";

/** The part of the daemon that says what is wanted. */
export type DesiredState = Pick<DaemonContext, "networks" | "containers" | "uplink" | "instance">;

/** Everything that is wanted but rules: parameters, then bridges, then places of containers. */
export function desiredParts(state: DesiredState): DesiredPart[] {
  return [
    { steps: neededSysctls([...state.networks]) },
    ...[...state.networks].filter(({ kind }) => kind === "bridge").map((network) => networkPart(state, network)),
    ...settledContainers(state).flatMap((container) => containerParts(state, container)),
  ];
}

/** The containers that run and that nobody is changing now: what they have in the kernel is known. */
export function settledContainers({ containers }: Pick<DesiredState, "containers">): Container[] {
  return [...containers].filter(({ row, turns }) => row.state === "running" && turns === 0);
}

function networkPart({ instance, uplink }: DesiredState, network: NetworkRow): DesiredPart {
  const facts = { link: undefined, addresses: [] };
  return {
    network: network.name,
    isAdopted: network.isAdopted,
    steps: planBridge(network, { facts, instance, mtu: network.mtu ?? uplink.mtu, isAdopting: false }),
  };
}

function containerParts(state: DesiredState, container: Container): DesiredPart[] {
  const { row, endpoints } = container;
  return endpointInputs(state, container, endpoints).map((input, index) => ({
    container: row.name,
    network: endpoints[index]?.row.network,
    steps: [{ op: "netns.add", name: row.name }, ...planJoin(input, { isRunning: true })],
  }));
}
