/**
 * Pausing a container: all its processes stand still until they are to go on.
 *
 * @module
 */
import type { ShellPlan } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { freezeCgroup, isFrozen, pauseToShell, thawCgroup } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { containerCgroup } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { checkRunning } from "./check-running.ts";
import { saveState } from "./save-state.ts";
import { takeTurn } from "./turn.ts";

/** Pause a container. @throws {NetdError} CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, PAUSE_FAILED, KERNEL_FEATURE_MISSING */
export async function pauseContainer(context: DaemonContext, container: Container): Promise<void> {
  await takeTurn(container, async () => {
    checkRunning(container, "pause");
    await freezeCgroup(context.session.cgroups, containerCgroup(context, container.row));
    // It may have ended meanwhile; its end waits for our turn's.
    container.row = { ...container.row, isPaused: true };
    saveState(context, container, "cannot write that a container is paused; the kernel tells it");
    context.events.emit({ type: "container.paused", container: container.row.name });
  });
}

/** Have a paused container go on. @throws {NetdError} CONTAINER_NOT_PAUSED */
export async function unpauseContainer(context: DaemonContext, container: Container): Promise<void> {
  await takeTurn(container, async () => {
    const { name, state, isPaused } = container.row;
    if (state !== "running" || isPaused !== true) {
      const now = state === "running" ? "it is not paused" : `it is ${state}`;
      throw new NetdError("CONTAINER_NOT_PAUSED", `Cannot unpause container '${name}': ${now}, a paused one wanted`, {
        remedy: `Pause it with 'netctl pause ${name}'`,
      });
    }
    resume(context, container);
  });
}

/** Have a container go on if it is paused: signals reach a process only when it does. */
export function resume(context: DaemonContext, container: Container): void {
  if (container.row.isPaused !== true) return;
  thawCgroup(context.session.cgroups, containerCgroup(context, container.row));
  const { isPaused: _isPaused, ...row } = container.row;
  container.row = row;
  saveState(context, container, "cannot write that a container goes on; the kernel tells it");
  context.events.emit({ type: "container.unpaused", container: row.name });
}

/** Learn from the kernel which of the running containers are paused: it may have been done without us. */
export function adoptPauses(context: DaemonContext): void {
  for (const container of context.containers) {
    const { isPaused, ...row } = container.row;
    if (row.state !== "running") continue;
    const isFrozenNow = isFrozen(context.session.cgroups, containerCgroup(context, row));
    if (isFrozenNow !== (isPaused === true)) container.row = isFrozenNow ? { ...row, isPaused: true } : row;
  }
}

/** The commands that pause a container, or have it go on. */
export function showPause(context: DaemonContext, { row }: Container, isPausing: boolean): ShellPlan {
  return { commands: pauseToShell(context.session.cgroups, containerCgroup(context, row), isPausing) };
}
