/**
 * The end of a container's process, and what comes after it: another start by its restart policy, or none.
 *
 * @module
 */
import type { LogLoss } from "../../api/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { leaveNetwork } from "../endpoint/container-network.ts";
import type { ContainerRow } from "../state-store.ts";
import { endHealth } from "./health.ts";
import { launchContainer } from "./launch.ts";
import { decideRestart, startsWithDaemon } from "./restart-policy.ts";
import { saveState } from "./save-state.ts";
import { takeTurn } from "./turn.ts";

/** Exit code of a container whose end nobody saw: the process and its parent were gone before anyone asked. */
const EXIT_CODE_LOST = 255;

/** How a process ended. */
export interface ProcessEnd {
  /** `null`: nobody could learn it. */
  exitCode: number | null;
  /** ISO 8601. */
  finishedAt: string;
  /** What its log has lost by then. */
  logLoss?: LogLoss;
  /** The kernel killed one of its processes for want of memory. */
  oomKilled?: boolean | undefined;
}

/** Record that a container's process has ended, take its network down, and plan its restart if it is to have one. Call it in its turn. */
export async function markEnded(context: DaemonContext, container: Container, end: ProcessEnd): Promise<void> {
  endHealth(container);
  const { pid: _pid, startTime: _startTime, isPaused: _isPaused, ...rest } = container.row;
  const exitCode = end.exitCode ?? EXIT_CODE_LOST;
  const row: ContainerRow = {
    ...rest,
    state: "exited",
    exitCode,
    finishedAt: end.finishedAt,
    ...(end.logLoss && { logLoss: end.logLoss }),
    ...(end.oomKilled === true ? { oomKilled: true } : {}),
    ...(end.exitCode === null ? { error: "its exit code was lost: nobody watched when it ended" } : {}),
  };
  const ranMs = row.startedAt === undefined ? 0 : Date.parse(end.finishedAt) - Date.parse(row.startedAt);
  const delayMs = container.isBeingRestarted === true ? undefined : planRestart(row, exitCode, ranMs);
  container.row = delayMs === undefined ? row : waitingRow(row, delayMs);
  await leaveNetwork(context, container);
  saveState(context, container, "cannot write that a container ended");
  if (row.oomKilled === true) context.events.emit({ type: "container.oom", container: row.name });
  context.events.emit({
    type: "container.exited",
    container: row.name,
    exitCode,
    ...(row.oomKilled === true ? { attributes: { oomKilled: "true" } } : {}),
  });
  if (delayMs !== undefined) scheduleRestart(context, container, delayMs);
}

/** Tell those who wait for the end of a container. */
export function settleEnd(container: Container): void {
  for (const settle of [...container.onExit]) settle(container.row.exitCode ?? EXIT_CODE_LOST);
}

/** Call off the restart that a container waits for; does nothing when it waits for none. Call it in its turn. */
export function callOffRestart(context: DaemonContext, container: Container): void {
  container.restart?.cancel();
  delete container.restart;
  if (container.row.state !== "restarting") return;
  container.row = { ...container.row, state: "exited" };
  saveState(context, container, "cannot write that a container stays stopped");
  settleEnd(container);
}

/** Start what starts together with netd. */
export function resumeRestarts(context: DaemonContext): void {
  for (const container of context.containers) {
    if (container.restart !== undefined || !startsWithDaemon(container.row)) continue;
    const { isStoppedByUser, ...row } = container.row;
    container.row = { ...row, state: "restarting", ...(isStoppedByUser === true ? { restartCount: 0 } : {}) };
    scheduleRestart(context, container, 0);
  }
}

/** The milliseconds to wait before the next start, if there is to be one. */
function planRestart(row: ContainerRow, exitCode: number, ranMs: number): number | undefined {
  return decideRestart({
    policy: row.spec.restart,
    exitCode,
    isStoppedByUser: row.isStoppedByUser === true,
    restartCount: row.restartCount ?? 0,
    lastDelayMs: row.restartDelayMs ?? 0,
    ranMs,
  });
}

function waitingRow(row: ContainerRow, delayMs: number): ContainerRow {
  return { ...row, state: "restarting", restartDelayMs: delayMs, restartCount: (row.restartCount ?? 0) + 1 };
}

function scheduleRestart(context: DaemonContext, container: Container, delayMs: number): void {
  container.restart = context.clock.after(delayMs, () => {
    delete container.restart;
    void takeTurn(container, async () => await restart(context, container));
  });
}

/** Start a container that waits for it. A start that fails counts as a run that failed at once. Never throws. */
async function restart(context: DaemonContext, container: Container): Promise<void> {
  if (container.row.state !== "restarting") return;
  try {
    const runtime = await context.runtime.client();
    await launchContainer(context, container, runtime, async (params) => await runtime.call("start", params));
  } catch (error) {
    context.logger.warn({ err: error, container: container.row.name }, "cannot restart a container");
    const delayMs = planRestart(container.row, EXIT_CODE_LOST, 0);
    if (delayMs === undefined) return callOffRestart(context, container);
    container.row = waitingRow(container.row, delayMs);
    saveState(context, container, "cannot write that a container waits for its restart");
    scheduleRestart(context, container, delayMs);
  }
}
