/**
 * Puts a changed network in the place of what it was, under its running containers.
 *
 * What it was is remembered until all is done: a netd that dies in between finishes the change at its next start.
 *
 * @module
 */
import { type AppliedSteps, stepsToShell, undoSteps } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { applyPart } from "../endpoint/container-network.ts";
import { endpointInputs } from "../endpoint/endpoint-input.ts";
import { followNames } from "../endpoint/follow-names.ts";
import { type BridgeMtuChange, type ContainerChange, planChange } from "./change-network.ts";
import type { NetworkRow } from "./network-row.ts";
import { listPlaces } from "./network-users.ts";
import { Networks } from "./networks.ts";
import { planFirewall, setFirewall, tellResolver } from "./open-network.ts";

/** Key in the state of what a network was, while it is being changed. */
const MEMO_PREFIX = "changing:";

/** Replace a network. @throws {NetdError} what anybody refuses: then all is as before */
export async function replaceNetwork(context: DaemonContext, before: NetworkRow, after: NetworkRow): Promise<void> {
  const { store, networks } = context;
  const memo = MEMO_PREFIX + before.name;
  store.transact(before.name, () => {
    store.setMeta(memo, JSON.stringify(before));
    store.saveNetwork(after);
  });
  let applied: AppliedSteps | undefined;
  try {
    networks.set(after);
    context.ipam.openNetwork(after);
    applied = applyPart(context, planReplacement(context, before, after));
    setFirewall(context, runningMembers(context, before));
    await tellResolver(context, before.name);
    for (const member of runningMembers(context, after)) followNames(context, member);
  } catch (error) {
    networks.set(before);
    await takeBack(context, before, applied);
    store.transact(before.name, () => {
      store.saveNetwork(before);
      store.deleteMeta(memo);
    });
    throw error;
  }
  store.deleteMeta(memo);
}

/** The commands that would replace a network. */
export function showReplacement(context: DaemonContext, before: NetworkRow, after: NetworkRow): string[] {
  const rows = [...context.networks].map((row) => (row.name === after.name ? after : row));
  return stepsToShell([...planReplacement(context, before, after), ...planFirewall(context, rows)]);
}

/** Finish the changes that a netd did not live to finish. Call it when the containers that run are known. */
export function finishReplacements(context: DaemonContext): void {
  const { store, networks, logger } = context;
  for (const { key, value } of store.listMeta(MEMO_PREFIX)) {
    const before = JSON.parse(value) as NetworkRow;
    const after = networks.get(before.name);
    try {
      if (after?.id === before.id) applyPart(context, planReplacement(context, before, after));
      store.deleteMeta(key);
    } catch (error) {
      logger.error({ err: error, network: before.name }, "cannot finish a change of a network");
    }
  }
}

async function takeBack(context: DaemonContext, before: NetworkRow, applied: AppliedSteps | undefined): Promise<void> {
  const { journal, session, logger } = context;
  const failures: unknown[] = applied === undefined ? [] : undoSteps(applied, { journal: journal.note, session });
  journal.flush();
  try {
    context.ipam.openNetwork(before);
    setFirewall(context, runningMembers(context, before));
    await tellResolver(context, before.name);
  } catch (error) {
    failures.push(error);
  }
  for (const failure of failures) {
    logger.error({ err: failure, network: before.name }, "cannot take back a part of a change of a network");
  }
}

/** Plan what becomes of the bridge and of the containers that run. */
function planReplacement(context: DaemonContext, before: NetworkRow, after: NetworkRow) {
  const rows = (row: NetworkRow): Networks =>
    new Networks([...context.networks].map((known) => (known.name === row.name ? row : known)));
  const plan = (row: NetworkRow, container: Container) =>
    endpointInputs({ ...context, networks: rows(row) }, container, container.endpoints);
  const changes = runningMembers(context, after).map(
    (container): ContainerChange => ({ before: plan(before, container), after: plan(after, container) }),
  );
  return planChange(bridgeChange(context, before, after), changes);
}

/** The containers of a network that run. */
function runningMembers(context: DaemonContext, { name }: NetworkRow): Container[] {
  const members = listPlaces(context, name).map(({ container }) => container);
  return [...new Set(members)].filter(({ row }) => row.state === "running");
}

function bridgeChange({ uplink }: DaemonContext, before: NetworkRow, after: NetworkRow): BridgeMtuChange | undefined {
  if (after.kind !== "bridge") return undefined;
  return { bridge: after.bridge, before: before.mtu ?? uplink.mtu, after: after.mtu ?? uplink.mtu };
}
