/**
 * Changing what may change while a container lives: its limits and its restart policy.
 *
 * @module
 */
import type { ContainerSpec, ShellPlan, UpdateSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { stepsToShell, updateToShell } from "../../kernel/index.ts";
import type { OciResources } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import { containerCgroup, resourceFacts } from "../container-launch.ts";
import { checkLimits, planResources } from "../container-resources.ts";
import { autoRemoveConflict } from "../container-spec.ts";
import type { DaemonContext } from "../context.ts";
import { checkRates, planRateChange } from "../endpoint/change-rates.ts";
import { announceName, applyPart } from "../endpoint/container-network.ts";
import type { Rates } from "../endpoint/rate-plan.ts";
import { forgetConnections, openFirewall } from "../firewall/container-firewall.ts";
import { firewallContainer } from "../firewall/firewall-rows.ts";
import { takeTurn } from "./turn.ts";

/**
 * Change a container, in the kernel when it runs, and durably in its definition.
 *
 * @throws {NetdError} API_REQUEST_INVALID, DNS_UNAVAILABLE, KERNEL_FEATURE_MISSING, LIMIT_IN_USE, STATE_WRITE_FAILED, and nothing has changed
 */
export async function updateContainer(context: DaemonContext, container: Container, change: UpdateSpec): Promise<void> {
  await takeTurn(container, async () => {
    const { row } = container;
    const spec = mergeUpdate(row.spec, change);
    const before = limitsOf(context, row.spec);
    const after = limitsOf(context, spec, change);
    const { cgroups } = context.session;
    const path = containerCgroup(context, row);
    const isRunning = row.state === "running";
    const isRefiltered = isRunning && spec.egress !== row.spec.egress;
    checkRates(row, spec);
    let hasNewRates = false;
    try {
      if (isRunning) {
        cgroups.update(path, after);
        applyRates(context, container, { before: row.spec, after: spec });
        hasNewRates = true;
      }
      if (isRefiltered) {
        openFirewall(context, { ...container, row: { ...row, spec } });
        await announceName(context, { ...container, row: { ...row, spec } });
      }
      context.store.updateContainer({ ...row, spec });
    } catch (error) {
      // What was set before it failed goes back; a limit that there was none of before stays until the container ends.
      if (hasNewRates) attempt(() => applyRates(context, container, { before: spec, after: row.spec }));
      if (isRunning) attempt(() => cgroups.update(path, before));
      if (isRefiltered) {
        attempt(() => openFirewall(context, container));
        await announceName(context, container).catch(() => {});
      }
      throw error;
    }
    container.row = { ...row, spec };
    if (isRefiltered) {
      await forgetConnections(container.endpoints.flatMap(({ lease, lease6 }) => [lease?.address, lease6?.address]));
    }
    context.events.emit({ type: "container.updated", container: row.name });
  });
}

/** The commands that an update of a running container takes. @throws as {@link updateContainer}, for what is wrong with the change */
export function showUpdate(context: DaemonContext, container: Container, change: UpdateSpec): ShellPlan {
  const { row } = container;
  const spec = mergeUpdate(row.spec, change);
  const resources = limitsOf(context, spec, change);
  checkRates(row, spec);
  if (row.state !== "running") return { commands: [] };
  const refiltered = firewallContainer(context.networks, { ...container, row: { ...row, spec } });
  const steps = [
    ...planRateChange(context, container, { before: row.spec, after: spec }),
    ...(spec.egress === row.spec.egress ? [] : context.firewall.previewChange(row.id, refiltered)),
  ];
  return {
    commands: [
      ...updateToShell(context.session.cgroups, containerCgroup(context, row), resources),
      ...stepsToShell(steps),
    ],
  };
}

/** The definition after a change. @throws {NetdError} API_REQUEST_INVALID when it contradicts itself */
export function mergeUpdate(spec: ContainerSpec, change: UpdateSpec): ContainerSpec {
  const { restart } = change;
  if (restart !== undefined && restart.policy !== "no" && spec.autoRemove === true) throw autoRemoveConflict("update");
  if (restart?.maxRetries !== undefined && restart.policy !== "on-failure") {
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot update container: restart policy '${restart.policy}' with a number of retries, 'on-failure' with one wanted`,
      { remedy: "Give --restart on-failure:3" },
    );
  }
  const { pidsLimit, rateInBps, rateOutBps, ...others } = change;
  const { pidsLimit: earlier, rateInBps: earlierIn, rateOutBps: earlierOut, ...rest } = spec;
  const pids = pidsLimit ?? earlier;
  const [rateIn, rateOut] = [rateInBps ?? earlierIn, rateOutBps ?? earlierOut];
  const merged = {
    ...{ ...rest, ...others },
    ...(pids === undefined || pids <= 0 ? {} : { pidsLimit: pids }),
    ...(rateIn ? { rateInBps: rateIn } : {}),
    ...(rateOut ? { rateOutBps: rateOut } : {}),
  };
  checkLimits(merged);
  return merged;
}

/** The limits of a definition, and the end of the one that a change takes away. */
function limitsOf(context: DaemonContext, spec: ContainerSpec, { pidsLimit }: UpdateSpec = {}): OciResources {
  const resources = planResources(spec, resourceFacts(context));
  return pidsLimit !== undefined && pidsLimit <= 0 ? { ...resources, pids: { limit: -1 } } : resources;
}

function applyRates(context: DaemonContext, container: Container, change: { before: Rates; after: Rates }): void {
  const steps = planRateChange(context, container, change);
  if (steps.length === 0) return;
  applyPart(context, steps);
  context.session.leave(container.row.name);
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // The first failure is the one to tell.
  }
}
