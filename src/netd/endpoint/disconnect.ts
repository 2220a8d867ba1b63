/**
 * The end of a container's place in a network while the container goes on, or stays stopped.
 *
 * @module
 */

import { NetdError } from "../../errors.ts";
import type { Lease } from "../../ipam/index.ts";
import { faultPoint, type NetworkStep } from "../../kernel/index.ts";
import { takeTurn } from "../container/turn.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { forgetConnections } from "../firewall/container-firewall.ts";
import { firewallContainer } from "../firewall/firewall-rows.ts";
import type { ContainerRow } from "../state-store.ts";
import { announceName, applyPart, applySlowPart, withdrawName } from "./container-network.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { planJoin, planLeaveNetwork, planUnlink } from "./endpoint-plan.ts";
import type { ContainerEndpoint } from "./endpoint-row.ts";
import { followNames } from "./follow-names.ts";
import { withEndpoints } from "./with-endpoints.ts";

/** A container as it will be, and the endpoint that it had. */
interface Disconnected {
  row: ContainerRow;
  endpoints: ContainerEndpoint[];
  removed: ContainerEndpoint;
}

/**
 * Disconnect a container from a network; durable on return. Its lease ends when nothing of its address is left in the kernel.
 *
 * @throws {NetdError} NETWORK_UNKNOWN, ENDPOINT_UNKNOWN, KERNEL_CALL_FAILED, STATE_WRITE_FAILED; it is still connected then
 */
export async function disconnectContainer(
  context: DaemonContext,
  container: Container,
  network: string,
): Promise<void> {
  await takeTurn(container, async () => {
    const disconnected = disconnect(context, container, network);
    const { row, endpoints, removed } = disconnected;
    const isRunning = container.row.state === "running";
    try {
      if (isRunning) {
        await withdrawName(context, { ...container, endpoints: [removed] });
        await applySlowPart(context, planDisconnect(context, container, disconnected));
        context.firewall.setContainer(row.id, firewallContainer(context.networks, { ...container, row, endpoints }));
      }
      faultPoint("disconnect:left");
      writeDisconnection(context, disconnected);
    } catch (error) {
      if (isRunning) await joinAgain(context, container, removed);
      throw error;
    }
    faultPoint("disconnect:committed");
    Object.assign(container, { row, endpoints });
    if (isRunning) {
      await forgetConnections([removed.lease?.address, removed.lease6?.address]);
      followNames(context, container);
    }
    const attributes = { container: row.id, name: removed.row.network, type: "bridge" };
    context.events.emit({ type: "network.disconnected", container: row.name, attributes });
  });
}

/** The steps that would disconnect a container that runs; none for another. @throws {NetdError} as {@link disconnectContainer} */
export function previewDisconnect(context: DaemonContext, container: Container, network: string): NetworkStep[] {
  const disconnected = disconnect(context, container, network);
  return container.row.state === "running" ? planDisconnect(context, container, disconnected) : [];
}

function disconnect({ networks }: DaemonContext, { row, endpoints }: Container, reference: string): Disconnected {
  const { name } = networks.find(reference);
  const removed = endpoints.find((endpoint) => endpoint.row.network === name);
  if (removed !== undefined)
    return {
      ...withEndpoints(
        row,
        endpoints.filter((one) => one !== removed),
      ),
      removed,
    };
  throw new NetdError(
    "ENDPOINT_UNKNOWN",
    `Cannot disconnect container '${row.name}' from network '${name}': it is not in that network`,
    { remedy: `See its networks with 'netctl inspect ${row.name}'` },
  );
}

function planDisconnect(
  context: DaemonContext,
  container: Container,
  { row, endpoints, removed }: Disconnected,
): NetworkStep[] {
  const left = endpointInputs(context, container, container.endpoints).filter(
    (input) => input.interface === removed.row.interface,
  );
  const stay = endpointInputs(context, { row }, endpoints);
  return left.flatMap((input) => planLeaveNetwork(input, stay));
}

function writeDisconnection({ store, ipam }: DaemonContext, { row, removed }: Disconnected): void {
  let released: Lease[] = [];
  try {
    store.transact(row.name, () => {
      store.updateContainer(row);
      released = ipam.release(row.id, removed.row.network);
    });
  } catch (error) {
    ipam.readmit(released);
    throw error;
  }
}

/** Make an endpoint that could not be given up whole again. */
async function joinAgain(context: DaemonContext, container: Container, endpoint: ContainerEndpoint): Promise<void> {
  const inputs = endpointInputs(context, container, container.endpoints).filter(
    (input) => input.interface === endpoint.row.interface,
  );
  try {
    context.firewall.setContainer(container.row.id, firewallContainer(context.networks, container));
    for (const input of inputs) applyPart(context, [...planUnlink(input), ...planJoin(input, { isRunning: true })]);
    await announceName(context, { ...container, endpoints: [endpoint] });
  } catch (error) {
    context.logger.error({ err: error, container: container.row.name }, "cannot undo a disconnection that failed");
  }
}
