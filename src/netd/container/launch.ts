/**
 * Launching a container: its network and its process are made at the same time.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { type AppliedSteps, faultPoint } from "../../kernel/index.ts";
import type { RuntimeClient, StartParams, StartResult } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import { startParams } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { announceName, applyPart, planNetwork, undoNetwork } from "../endpoint/container-network.ts";
import { openFirewall } from "../firewall/container-firewall.ts";
import { writeGeneratedFiles } from "../names/container-hosts.ts";
import { checkBridge } from "../network/bridge-check.ts";
import { forgetPorts } from "../publish/publishing.ts";
import { checkPortsFree } from "../publish/resolve-ports.ts";
import { prepareMounts } from "../storage/prepare-mounts.ts";
import { beginHealth } from "./health.ts";
import { removeContainer } from "./remove.ts";
import { saveState } from "./save-state.ts";

/** Asks the runtime for the process; called once. */
export type StartProcess = (params: StartParams) => Promise<StartResult>;

/** Launch a container that does not run. Call it in the container's turn. @throws {NetdError} as the start of a container does */
export async function launchContainer(
  context: DaemonContext,
  container: Container,
  runtime: RuntimeClient,
  start: StartProcess,
): Promise<void> {
  const { events, now, hosts } = context;
  const { row } = container;
  try {
    const { pid, startTime, forks, slow } = await makeProcess(context, container, runtime, start);
    const { exitCode: _exitCode, finishedAt: _finishedAt, oomKilled: _oomKilled, error: _error, ...definition } = row;
    faultPoint("start:launched");
    container.row = {
      ...definition,
      state: "running",
      pid,
      startTime,
      startedAt: now().toISOString(),
      launch: { forks, slow },
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    container.row = { ...row, error: text, exitCode: failedStartCode(error) };
    if (row.spec.autoRemove === true) await removeContainer(context, container, { hasVolumes: true });
    else saveState(context, container, "cannot write that a start failed");
    throw error;
  }
  beginHealth(context, container);
  saveState(context, container, "cannot write that a container runs; the runtime's record tells it");
  hosts.schedule();
  events.emit({ type: "container.started", container: row.name });
}

/** The exit code of a container whose command could not be started: docker's. */
function failedStartCode(error: unknown): number {
  const code = error instanceof NetdError ? error.code : undefined;
  return code === "COMMAND_NOT_FOUND" ? 127 : code === "COMMAND_NOT_EXECUTABLE" ? 126 : 128;
}

/** Make network and process; the process waits at its gate until the network is there. When one fails, nothing of either is left. */
async function makeProcess(
  context: DaemonContext,
  container: Container,
  runtime: RuntimeClient,
  start: StartProcess,
): Promise<StartResult> {
  await container.left;
  for (const { row } of container.endpoints) checkBridge(context, container.row.name, row.network);
  checkPortsFree(context, container.row, container.row.ports);
  writeGeneratedFiles(context, container);
  prepareMounts(container.row.spec.mounts ?? []);
  faultPoint("start:files");
  const gate = randomUUID();
  const params = { ...startParams(context, container), gate };
  // There as long as a namespace of ours may be.
  mkdirSync(container.paths.streams, { recursive: true, mode: 0o700 });
  // Its process waits at the gate, before it enters the network's namespace.
  const starting = start(params);
  let applied: AppliedSteps | undefined;
  try {
    openFirewall(context, container);
    forgetPorts([], container.row.ports);
    applied = applyPart(context, planNetwork(context, container));
    return await finishBoth(context, container, { runtime, gate, starting });
  } catch (error) {
    if (applied === undefined) await Promise.allSettled([runtime.call("release", { gate, isGo: false }), starting]);
    if (error instanceof NetdError && error.code === "RUNTIME_UNAVAILABLE") await endUnanswered(context, container);
    await undoNetwork(context, container, applied);
    throw error;
  }
}

/** Let the process through its gate while its name becomes known. When one of the two fails, there is no process. */
async function finishBoth(
  context: DaemonContext,
  container: Container,
  { runtime, gate, starting }: { runtime: RuntimeClient; gate: string; starting: Promise<StartResult> },
): Promise<StartResult> {
  const [started, ...others] = await Promise.allSettled([
    starting,
    announceName(context, container),
    runtime.call("release", { gate, isGo: true }),
  ]);
  if (started.status === "rejected") throw started.reason;
  const failed = others.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  if (failed === undefined) return started.value;
  await runtime.call("remove", { containerId: container.row.id });
  throw failed.reason;
}

/** End what a failed start may have started: its runtime may have died before it answered. */
async function endUnanswered({ runtime, logger }: DaemonContext, { row }: Container): Promise<void> {
  try {
    await (await runtime.client()).call("remove", { containerId: row.id });
  } catch (error) {
    logger.error({ err: error, container: row.name }, "cannot make sure that a start that failed has left no process");
  }
}
