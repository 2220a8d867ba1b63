/**
 * A further network for a container, running or not.
 *
 * @module
 */
import type { ConnectSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Lease } from "../../ipam/index.ts";
import { type AppliedSteps, faultPoint, type NetworkStep, undoSteps } from "../../kernel/index.ts";
import { takeTurn } from "../container/turn.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { firewallContainer } from "../firewall/firewall-rows.ts";
import { withCollection } from "../lease/collect-leases.ts";
import { isShared, type ProbedAddresses, probeEndpoints } from "../lease/probed-addresses.ts";
import { checkBridge } from "../network/bridge-check.ts";
import { forgetPorts } from "../publish/publishing.ts";
import type { ContainerRow } from "../state-store.ts";
import { announceName, applyPart, withdrawName } from "./container-network.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { allocateEndpoint } from "./endpoint-leases.ts";
import { planJoin } from "./endpoint-plan.ts";
import type { ContainerEndpoint, EndpointRow } from "./endpoint-row.ts";
import { followNames } from "./follow-names.ts";
import { parseNetworkMode } from "./network-mode.ts";
import { planEndpoint } from "./network-spec.ts";
import { withEndpoints } from "./with-endpoints.ts";

/** A container as it will be, and the endpoint that it gets. */
interface Connected {
  row: ContainerRow;
  endpoints: ContainerEndpoint[];
  added: ContainerEndpoint;
}

/**
 * Connect a container to a network; durable on return. Its definition and its lease are durable before the kernel hears of them.
 *
 * @throws {NetdError} NETWORK_UNKNOWN, ENDPOINT_EXISTS, API_REQUEST_INVALID, ADDRESS_INVALID, MAC_*, IPAM_*, BRIDGE_*, KERNEL_CALL_FAILED,
 * STATE_WRITE_FAILED; nothing has changed then
 */
export async function connectContainer(
  context: DaemonContext,
  container: Container,
  network: string,
  spec: ConnectSpec,
): Promise<ContainerEndpoint> {
  return await takeTurn(container, async () => {
    const before = { row: container.row, endpoints: container.endpoints };
    const wanted = planConnection(context, container.row, network, spec);
    const isRunning = container.row.state === "running";
    if (isRunning) checkBridge(context, container.row.name, wanted.network);
    const isProbed = isShared(context.networks.find(wanted.network));
    using probed = isProbed ? await probeEndpoints(context, container.row.name, [wanted]) : undefined;
    const connected = await withCollection(context, () => writeConnection(context, container, { wanted, probed }));
    Object.assign(container, { row: connected.row, endpoints: connected.endpoints });
    if (isRunning) {
      let applied: AppliedSteps | undefined;
      const added = { ...container, endpoints: [connected.added] };
      try {
        // Closed as long as its rules are not there, and they are there before its link is up.
        const { id, ports } = container.row;
        const isFirstWayIn = context.firewall.containerState(id).ports.length === 0;
        context.firewall.setContainer(id, firewallContainer(context.networks, container));
        if (isFirstWayIn) forgetPorts([], ports);
        faultPoint("connect:guarded");
        // The resolver takes the name in while the kernel makes the link.
        const announced = announceName(context, added);
        const joined = Promise.resolve().then(() => {
          applied = applyPart(context, planConnect(context, connected));
        });
        await settleBoth(announced, joined);
        faultPoint("connect:announced");
      } catch (error) {
        takeBack(context, container, { before, added: connected.added, applied });
        await withdrawName(context, added);
        throw error;
      }
      followNames(context, container);
    }
    const attributes = { container: container.row.id, name: connected.added.row.network, type: "bridge" };
    context.events.emit({ type: "network.connected", container: container.row.name, attributes });
    return connected.added;
  });
}

/** The steps that would connect a container that runs; none for another. @throws {NetdError} as {@link connectContainer} */
export function previewConnect(
  context: DaemonContext,
  container: Container,
  network: string,
  spec: ConnectSpec,
): NetworkStep[] {
  const { row, endpoints } = container;
  const wanted = planConnection(context, row, network, spec);
  const taken: Lease[] = [];
  try {
    const added = context.store.preview(() => allocateEndpoint(context, row, wanted, { taken }));
    if (row.state !== "running") return [];
    const connected = connect({ row, endpoints }, added);
    const guard = context.firewall.preview(firewallContainer(context.networks, { ...container, ...connected }));
    return [...guard, ...planConnect(context, connected)];
  } finally {
    for (const lease of taken) context.ipam.abandon(lease);
  }
}

/** Check what is asked for and make the row of it. */
function planConnection(
  { networks }: DaemonContext,
  row: ContainerRow,
  reference: string,
  { container: _container, ...wishes }: ConnectSpec,
): EndpointRow {
  const { name } = networks.find(reference);
  const mode = parseNetworkMode(row.network);
  if (mode.kind !== "bridge") {
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot connect container '${row.name}' to network '${name}': its network is '${mode.kind}', one of its own wanted`,
      { remedy: "Create it anew with --network" },
    );
  }
  if (row.endpoints.some(({ network }) => network === name)) {
    throw new NetdError(
      "ENDPOINT_EXISTS",
      `Cannot connect container '${row.name}' to network '${name}': it is in that network already`,
      {
        remedy: `Disconnect it first with 'netctl net disconnect ${name} ${row.name}' to give it another address there`,
      },
    );
  }
  // The last one that is asked for has the default route.
  const taken = wishes.defaultRoute === true ? row.endpoints.map(withoutDefault) : row.endpoints;
  return planEndpoint({ network: name, ...wishes }, { networks, taken });
}

/** Write lease and definition in one transaction. */
function writeConnection(
  context: DaemonContext,
  { row, endpoints }: Container,
  { wanted, probed }: { wanted: EndpointRow; probed: ProbedAddresses | undefined },
): Connected {
  const taken: Lease[] = [];
  try {
    const connected = context.store.transact(row.name, () => {
      const made = connect({ row, endpoints }, allocateEndpoint(context, row, wanted, { taken, probed }));
      context.store.updateContainer(made.row);
      return made;
    });
    faultPoint("connect:committed");
    return connected;
  } catch (error) {
    for (const lease of taken) context.ipam.abandon(lease);
    throw error;
  }
}

function connect({ row, endpoints }: Pick<Container, "row" | "endpoints">, added: ContainerEndpoint): Connected {
  const others =
    added.row.isDefaultRoute === true
      ? endpoints.map((endpoint) => ({ ...endpoint, row: withoutDefault(endpoint.row) }))
      : endpoints;
  return { ...withEndpoints(row, [...others, added]), added };
}

function planConnect(context: DaemonContext, { row, endpoints, added }: Connected): NetworkStep[] {
  return endpointInputs(context, { row }, endpoints)
    .filter((input) => input.interface === added.row.interface)
    .flatMap((input) => planJoin(input, { isRunning: true }));
}

/** Take a connection that failed back: kernel, rules, then lease and definition. Whatever fails now is logged, and the next start of netd goes on from the state. */
function takeBack(
  context: DaemonContext,
  container: Container,
  {
    before,
    added,
    applied,
  }: { before: Pick<Container, "row" | "endpoints">; added: ContainerEndpoint; applied: AppliedSteps | undefined },
): void {
  const { store, ipam, firewall, networks, journal, session, logger } = context;
  const undone = applied === undefined ? [] : undoSteps(applied, { journal: journal.note, session });
  for (const error of undone) logger.error({ err: error, container: before.row.name }, "cannot undo a connection");
  let released: Lease[] = [];
  try {
    firewall.setContainer(before.row.id, firewallContainer(networks, { ...container, ...before }));
    store.transact(before.row.name, () => {
      store.updateContainer(before.row);
      released = ipam.release(before.row.id, added.row.network);
    });
    Object.assign(container, before);
  } catch (error) {
    ipam.readmit(released);
    logger.error({ err: error, container: before.row.name }, "cannot write that a connection failed");
  }
}

/** Wait for two things that are under way at once: neither goes on when one has failed. @throws what the second throws, else what the first does */
async function settleBoth(first: Promise<void>, second: Promise<void>): Promise<void> {
  await Promise.allSettled([first, second]);
  await second;
  await first;
}

function withoutDefault({ isDefaultRoute: _isDefaultRoute, ...row }: EndpointRow): EndpointRow {
  return row;
}
