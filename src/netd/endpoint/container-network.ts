/**
 * A container's places in its networks, made and taken down in the kernel and told to the resolver.
 *
 * @module
 */
import { rmSync } from "node:fs";
import {
  type AppliedSteps,
  applySlowSteps,
  applySteps,
  type NetworkStep,
  teardownSlowSteps,
  undoSteps,
} from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { closeFirewall } from "../firewall/container-firewall.ts";
import { findLink } from "../kernel-facts.ts";
import { hasZone, zoneMember } from "../names/zones.ts";
import { linkAlias } from "../network/network-plan.ts";
import { planHairpin } from "../publish/hairpin.ts";
import type { ContainerRow } from "../state-store.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { planDetach, planJoin, planLoopback, planNamespace, planNetworking } from "./endpoint-plan.ts";
import { hostInterfaceName } from "./endpoint-row.ts";
import { hasOwnNamespace, parseNetworkMode } from "./network-mode.ts";
import { ifbName } from "./rate-plan.ts";

/** How long the kernel gets to take a veth pair down with its namespace, in milliseconds. */
const LEAVE_LIMIT_MS = 2_000;

/** Apply a part of a container's plan, noted in the journal. @throws what the kernel answers; the part is undone then */
export function applyPart({ journal, session }: DaemonContext, steps: readonly NetworkStep[]): AppliedSteps {
  try {
    return applySteps(steps, { journal: journal.note, session });
  } finally {
    journal.flush();
  }
}

/** Apply a part as {@link applyPart} does; netd goes on while links are deleted. @throws what the kernel answers; the part is undone then */
export async function applySlowPart(
  { journal, session }: DaemonContext,
  steps: readonly NetworkStep[],
): Promise<AppliedSteps> {
  try {
    return await applySlowSteps(steps, { journal: journal.note, session });
  } finally {
    journal.flush();
  }
}

/** Plan a container's network: nothing for one that lives in a namespace of others. */
export function planNetwork(context: DaemonContext, container: Container): NetworkStep[] {
  const { row, endpoints } = container;
  if (!hasOwnNamespace(row.network)) return [];
  return [
    ...planNamespace(row.name),
    ...(parseNetworkMode(row.network).kind === "none" ? planLoopback(row.name) : planNetworking(row.name)),
    ...endpointInputs(context, container, endpoints).flatMap((input) => planJoin(input)),
    ...planHairpin(context, container),
  ];
}

/**
 * Plan what takes a container out of its network: nothing for one that lives in a namespace of others. The namespace goes last: as long as it is
 * there, the rest is tried again after a crash.
 */
export function planLeave({ id, name, network, endpoints, spec }: ContainerRow): NetworkStep[] {
  if (!hasOwnNamespace(network)) return [];
  const hostInterfaces =
    spec.rateOutBps === undefined ? [] : endpoints.map((row) => hostInterfaceName(id, row.interface));
  return [
    ...hostInterfaces.map((hostInterface): NetworkStep => ({ op: "link.delete", name: ifbName(hostInterface) })),
    ...planDetach(name),
  ];
}

/** Have the resolver know a container, or its other name, in the networks of its endpoints. @throws {NetdError} DNS_UNAVAILABLE */
export async function announceName(context: DaemonContext, container: Container): Promise<void> {
  const named = container.endpoints.filter(({ row }) => hasZone(context.networks.find(row.network)));
  if (named.length === 0) return;
  const client = await context.dns.client();
  await Promise.all(
    named.map((endpoint) =>
      client.request({ method: "upsert", network: endpoint.row.network, member: zoneMember(container, endpoint) }),
    ),
  );
}

/** Have the resolver forget a container in the networks of its endpoints. What fails is logged: it is told all zones when it starts again. */
export async function withdrawName(context: DaemonContext, { row, endpoints }: Container): Promise<void> {
  const client = context.dns.current;
  if (client === undefined) return;
  const named = endpoints.filter(({ row: { network } }) => hasZone(context.networks.find(network)));
  try {
    await Promise.all(
      named.map(({ row: { network } }) => client.request({ method: "remove", network, memberId: row.id })),
    );
  } catch (error) {
    context.logger.warn({ err: error, container: row.name }, "cannot remove a name from the resolver");
  }
}

/** Take back what a failed start has done; a namespace that was somebody else's is not touched. */
export async function undoNetwork(
  context: DaemonContext,
  container: Container,
  applied: AppliedSteps | undefined,
): Promise<void> {
  const { journal, session, logger } = context;
  if (applied === undefined) {
    await closeFirewall(context, container.row);
    rmSync(container.paths.streams, { recursive: true, force: true });
    return;
  }
  for (const failure of undoSteps(applied, { journal: journal.note, session })) {
    logger.error({ err: failure, container: container.row.name }, "cannot undo a step of a start that failed");
  }
  await leaveNetwork(context, container);
}

/** Take down what joins a container to its network. Goes on after each failure, and logs them. */
export async function leaveNetwork(context: DaemonContext, container: Container): Promise<void> {
  const { journal, logger, session, hosts } = context;
  const { row, paths } = container;
  await withdrawName(context, container);
  for (const error of await teardownSlowSteps(planLeave(row), { journal: journal.note, session })) {
    logger.error({ err: error, container: row.name }, "cannot take down a part of a container's network");
  }
  await closeFirewall(context, row);
  journal.flush();
  rmSync(paths.streams, { recursive: true, force: true });
  container.left = waitUntilLeft(context, container);
  hosts.schedule();
}

/** Wait for the kernel to take the veth pairs down. */
async function waitUntilLeft(context: DaemonContext, { row, endpoints }: Container): Promise<void> {
  await Promise.all(endpoints.map(async ({ hostInterface }) => await waitUntilGone(context, row, hostInterface)));
}

/** Wait for the kernel to take a veth pair down; when somebody else keeps its namespace alive, delete the pair itself. */
async function waitUntilGone(context: DaemonContext, row: ContainerRow, hostInterface: string): Promise<void> {
  const { links, journal, logger, session, instance } = context;
  // A link of that name may be somebody else's.
  if (findLink(hostInterface)?.alias !== linkAlias(instance, row.id)) return;
  if (await links.gone(hostInterface, LEAVE_LIMIT_MS)) return;
  logger.warn(
    { container: row.name },
    "somebody keeps a container's network namespace alive, its veth pair is deleted",
  );
  for (const error of await teardownSlowSteps([{ op: "link.delete", name: hostInterface }], {
    journal: journal.note,
    session,
  })) {
    logger.error({ err: error, container: row.name }, "cannot delete a veth pair");
  }
  journal.flush();
}
