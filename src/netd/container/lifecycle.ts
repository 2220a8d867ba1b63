/**
 * The life of a container after its definition: start, signals, exit, removal. Each change of one container waits for the one before.
 *
 * @module
 */
import type { ExecSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { ExitedEvent, RuntimeStream, StatusResult } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import { execProcess } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { checkRunning } from "./check-running.ts";
import { callOffRestart, markEnded, settleEnd } from "./end.ts";
import { launchContainer } from "./launch.ts";
import { removeContainer, removeEnded } from "./remove.ts";
import { endProcess, killAtOnce, killContainer, type StopOptions, stopContainer } from "./stop.ts";
import { takeTurn } from "./turn.ts";
import { waitForExit } from "./wait.ts";

/** A stream of a container's first process or of another one in it. */
export type AnyRuntimeStream = Pick<RuntimeStream<"start" | "attach" | "exec">, "socket" | "rest">;

/** Starts, watches and removes the containers of one netd. */
export class ContainerLifecycle {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /**
   * Start a container that does not run; starting a running one does nothing.
   *
   * @throws {NetdError} COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, LAUNCH_FAILED, BRIDGE_MISSING, BRIDGE_FOREIGN, NETNS_NAME_TAKEN, KERNEL_CALL_FAILED …;
   * the container is then as before, and nothing of the attempt is left
   */
  async start(container: Container): Promise<void> {
    await takeTurn(container, async () => {
      if (container.row.isPaused === true) checkRunning(container, "start");
      if (container.row.state === "running") return;
      this.#forgetRestarts(container);
      const runtime = await this.#runtime();
      await launchContainer(this.#context, container, runtime, async (params) => await runtime.call("start", params));
    });
  }

  /** Start a container and return the stream of its standard streams; no output is lost. @throws as {@link start}; CONTAINER_RUNNING */
  async startAttached(container: Container): Promise<AnyRuntimeStream> {
    return await takeTurn(container, async () => {
      if (container.row.state === "running") {
        throw new NetdError(
          "CONTAINER_RUNNING",
          `Cannot start container '${container.row.name}': it runs, a stopped one wanted`,
          {
            remedy: `Attach to it with 'netctl attach ${container.row.name}'`,
          },
        );
      }
      this.#forgetRestarts(container);
      const runtime = await this.#runtime();
      const connection = await runtime.connectStream();
      let stream: AnyRuntimeStream | undefined;
      await launchContainer(this.#context, container, runtime, async (params) => {
        const opened = await runtime.useStream(connection, "start", params);
        stream = opened;
        return opened.result;
      }).catch((error: unknown) => {
        connection.destroy();
        throw error;
      });
      return stream!; // #launch called back, or threw
    });
  }

  /** Open a stream to the standard streams of a running container. @throws {NetdError} CONTAINER_NOT_RUNNING */
  async attach(container: Container): Promise<AnyRuntimeStream> {
    checkRunning(container, "attach to");
    return await (await this.#runtime()).openStream("attach", { containerId: container.row.id });
  }

  /** Run another process in a running container. @throws {NetdError} CONTAINER_NOT_RUNNING, COMMAND_NOT_FOUND, USER_UNKNOWN … */
  async exec(container: Container, spec: ExecSpec): Promise<AnyRuntimeStream> {
    checkRunning(container, "run a command in");
    const params = {
      containerId: container.row.id,
      ...execProcess(this.#context, container, spec),
      stdin: spec.stdin ?? false,
      detach: spec.detach ?? false,
    };
    return await (await this.#runtime()).openStream("exec", params);
  }

  /** Tell what changes in a container while it runs; nothing of one that does not, or while there is no runtime. */
  async status({ row }: Container): Promise<Partial<StatusResult>> {
    if (row.state !== "running") return {};
    const runtime = this.#context.runtime.current;
    return (await runtime?.call("status", { containerId: row.id }).catch(() => undefined)) ?? {};
  }

  /** Send a signal; one that is meant to end the container also ends its restarts. @throws {NetdError} CONTAINER_NOT_RUNNING, STATE_WRITE_FAILED */
  async kill(container: Container, signal: number): Promise<void> {
    await killContainer(this.#context, container, signal);
  }

  /** Stop a container and its restarts; does nothing when it does not run. @throws {NetdError} STATE_WRITE_FAILED */
  async stop(container: Container, options: StopOptions): Promise<void> {
    await stopContainer(this.#context, container, options);
  }

  /** Stop a container if it runs, and start it. Its restart policy has no part in it, nor has `--rm`. @throws as {@link start} */
  async restart(container: Container, options: StopOptions): Promise<void> {
    container.isBeingRestarted = true;
    try {
      await container.busy.catch(() => {});
      await endProcess(this.#context, container, options);
      await this.start(container);
    } finally {
      container.isBeingRestarted = false;
    }
    this.#context.events.emit({ type: "container.restarted", container: container.row.name });
  }

  /** Wait for the end of a container, and of the work that follows it; resolves at once when it does not run. */
  async exited(container: Container): Promise<number> {
    return await waitForExit(container);
  }

  /** Remove a container, its lease and its files, and its anonymous volumes when `hasVolumes`. @throws {NetdError} CONTAINER_RUNNING unless `isForced`; STATE_WRITE_FAILED */
  async remove(container: Container, isForced: boolean, hasVolumes = false): Promise<void> {
    await container.busy.catch(() => {});
    const { name, state } = container.row;
    if (state === "running" || state === "restarting") {
      if (!isForced) {
        const now = state === "running" ? "it runs" : "it is about to be restarted";
        throw new NetdError("CONTAINER_RUNNING", `Cannot remove container '${name}': ${now}, a stopped one wanted`, {
          remedy: `Stop it with 'netctl stop ${name}', or use 'netctl rm -f ${name}'`,
        });
      }
      await killAtOnce(this.#context, container);
    }
    await takeTurn(container, async () => await removeContainer(this.#context, container, { hasVolumes }));
    await container.left;
  }

  /** Deal with the end of a container's process. Called for each exit the runtime reports, in any order with the answer of its start. */
  async handleExit(event: ExitedEvent): Promise<void> {
    const container = this.#context.containers.byId(event.containerId);
    if (container === undefined) return;
    await takeTurn(container, async () => {
      const { row } = container;
      if (row.state !== "running" || row.pid !== event.pid) return;
      await markEnded(this.#context, container, event);
      if (row.spec.autoRemove === true && container.isBeingRestarted !== true) {
        await removeEnded(this.#context, container);
      }
      settleEnd(container);
    });
  }

  /** Forget restarts before this start by a user, and call off the one to come. */
  #forgetRestarts(container: Container): void {
    callOffRestart(this.#context, container);
    const { restartCount: _count, restartDelayMs: _delay, isStoppedByUser: _flag, ...row } = container.row;
    container.row = row;
  }

  async #runtime() {
    return await this.#context.runtime.client();
  }
}
