/**
 * Health checks of a container from its start to its end; nothing is done for one that has none.
 *
 * @module
 */
import type { HealthInfo } from "../../api/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { planHealth } from "./health-check.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { probeHealth } from "./health-probe.ts";
import { saveState } from "./save-state.ts";

/** Begin to check a container that was just started; what was found out about an earlier run stays in the log. */
export function beginHealth(context: DaemonContext, container: Container): void {
  if (planHealth(container.row.spec.health, container.row.image.config.healthcheck) === undefined) return;
  const log = container.row.health?.log ?? [];
  container.row = { ...container.row, health: { status: "starting", failingStreak: 0, log } };
  watchHealth(context, container);
}

/** Go on with the checks of a running container, after a restart of netd. */
export function watchHealth(context: DaemonContext, container: Container): void {
  const { health, spec, image, startedAt } = container.row;
  const plan = planHealth(spec.health, image.config.healthcheck);
  if (plan === undefined || container.monitor !== undefined) return;
  container.monitor = new HealthMonitor({
    plan,
    health: health ?? { status: "starting", failingStreak: 0, log: [] },
    startedAt: startedAt === undefined ? context.now() : new Date(startedAt),
    clock: context.clock,
    probe: async (signal) => await probeHealth(context, container, plan, signal),
    onResult: (next) => noteHealth(context, container, next),
  });
}

/** End the checks. docker calls who is not checked any more unhealthy, and so do we. Does not write the state. */
export function endHealth(container: Container): void {
  container.monitor?.stop();
  delete container.monitor;
  const { health } = container.row;
  if (health !== undefined) container.row = { ...container.row, health: { ...health, status: "unhealthy" } };
}

/** Only a change of the status is worth a write: the rest of the log is gone with netd. */
function noteHealth(context: DaemonContext, container: Container, health: HealthInfo): void {
  const before = container.row.health?.status;
  container.row = { ...container.row, health };
  if (before === health.status) return;
  saveState(context, container, "cannot write the health of a container");
  context.events.emit({
    type: "container.health",
    action: `health_status: ${health.status}`,
    container: container.row.name,
  });
}
