/**
 * Ending a container: signals, and SIGKILL when they are not enough.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { faultPoint } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { checkStarted } from "./check-running.ts";
import { callOffRestart } from "./end.ts";
import { resume } from "./pause.ts";
import { isMeantToEnd, markStoppedByUser, stopSignalOf } from "./stop-flag.ts";
import { takeTurn } from "./turn.ts";
import { waitForExit } from "./wait.ts";

/** How a container is asked to end; what is absent is the container's own. */
export interface StopOptions {
  /** Number of the signal. */
  signal?: number | undefined;
  /** How long it may take before it is killed; negative: as long as it likes. */
  timeoutSeconds?: number | undefined;
}

const SIGKILL = 9;
/** Seconds between the signal and SIGKILL: docker's. */
const STOP_TIMEOUT_SECONDS = 10;

/** Send a signal; one that is meant to end the container also ends its restarts. @throws {NetdError} CONTAINER_NOT_RUNNING, STATE_WRITE_FAILED */
export async function killContainer(context: DaemonContext, container: Container, signal: number): Promise<void> {
  const isEnd = isMeantToEnd(container, signal);
  if (container.row.state === "restarting" && isEnd && !(await endRestarts(context, container))) return;
  checkStarted(container, "send a signal to");
  if (isEnd) markStoppedByUser(context, container);
  await sendSignal(context, container, signal);
  if (isEnd) resume(context, container);
}

/** Stop a container and its restarts; does nothing when it does not run. @throws {NetdError} STATE_WRITE_FAILED */
export async function stopContainer(context: DaemonContext, container: Container, options: StopOptions): Promise<void> {
  if (!(await endRestarts(context, container))) return;
  await endProcess(context, container, options);
  context.events.emit({ type: "container.stopped", container: container.row.name });
}

/** End a container's process, and wait until nothing is left of it in the network. Does nothing when it has ended. */
export async function endProcess(
  context: DaemonContext,
  container: Container,
  { signal = stopSignalOf(container), timeoutSeconds }: StopOptions,
): Promise<void> {
  if (container.row.state !== "running") return;
  const exited = waitForExit(container);
  await sendSignalIfAlive(context, container, signal);
  resume(context, container);
  const seconds = timeoutSeconds ?? container.row.spec.stopTimeoutSeconds ?? STOP_TIMEOUT_SECONDS;
  const { pid } = container.row;
  const killer =
    seconds < 0
      ? undefined
      : context.clock.after(seconds * 1000, () => {
          if (container.row.pid === pid) void sendSignalIfAlive(context, container, SIGKILL).catch(() => {});
        });
  await exited;
  killer?.cancel();
  await container.left;
}

/** Kill a container's process at once, and note that a user wanted it. */
export async function killAtOnce(context: DaemonContext, container: Container): Promise<void> {
  if (!(await endRestarts(context, container))) return;
  await endProcess(context, container, { signal: SIGKILL, timeoutSeconds: -1 });
}

/** Note that a user wants the end, and call off a restart that is waited for. Returns whether the container runs. */
async function endRestarts(context: DaemonContext, container: Container): Promise<boolean> {
  return await takeTurn(container, async () => {
    const { state } = container.row;
    if (state === "running" || state === "restarting") markStoppedByUser(context, container);
    callOffRestart(context, container);
    return state === "running";
  });
}

async function sendSignal(context: DaemonContext, { row }: Container, signal: number): Promise<void> {
  const runtime = await context.runtime.client();
  faultPoint("stop:signal");
  await runtime.call("signal", { containerId: row.id, signal });
  faultPoint("stop:signalled");
  context.events.emit({ type: "container.killed", container: row.name, attributes: { signal: String(signal) } });
}

/** As {@link sendSignal}, to a process whose end may be on its way to us. */
async function sendSignalIfAlive(context: DaemonContext, container: Container, signal: number): Promise<void> {
  await sendSignal(context, container, signal).catch((error: unknown) => {
    if (!(error instanceof NetdError && error.code === "CONTAINER_NOT_RUNNING")) throw error;
  });
}
