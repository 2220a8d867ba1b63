/**
 * The life of a container after its definition: start, signals, exit, removal. Each change of one container waits for the one before.
 *
 * @module
 */
import type { ExecSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { ExitedEvent, RuntimeStream } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import { execProcess } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { checkRunning } from "./check-running.ts";
import { launchContainer } from "./launch.ts";
import { leaveNetwork } from "./network.ts";
import { removeContainer, removeEnded } from "./remove.ts";
import { takeTurn } from "./turn.ts";

/** A stream of a container's first process or of another one in it. */
export type AnyRuntimeStream = Pick<RuntimeStream<"start" | "attach" | "exec">, "socket" | "rest">;

/** Exit code of a container whose end nobody saw: the process and its parent were gone before anyone asked. */
const EXIT_CODE_LOST = 255;
const SIGKILL = 9;

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
      if (container.row.state === "running") return;
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
      process: execProcess(this.#context, container, spec),
      stdin: spec.stdin ?? false,
      detach: spec.detach ?? false,
    };
    return await (await this.#runtime()).openStream("exec", params);
  }

  /** Send a signal. @throws {NetdError} CONTAINER_NOT_RUNNING */
  async kill(container: Container, signal: number): Promise<void> {
    checkRunning(container, "send a signal to");
    await (await this.#runtime()).call("signal", { containerId: container.row.id, signal });
  }

  /** Stop a container: `signal`, and SIGKILL when it still runs after `timeoutMs`. Does nothing when it does not run. */
  async stop(container: Container, signal: number, timeoutMs: number): Promise<void> {
    await container.busy.catch(() => {});
    if (container.row.state !== "running") return;
    const exited = this.exited(container);
    await this.kill(container, signal);
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<"expired">((resolve) => {
      timer = setTimeout(resolve, timeoutMs, "expired");
    });
    const first = await Promise.race([exited, expired]);
    clearTimeout(timer);
    if (first === "expired" && container.row.state === "running") await this.kill(container, SIGKILL);
    await exited;
    await container.left;
  }

  /** Wait for the end of a container, and of the work that follows it; resolves at once when it does not run. */
  async exited(container: Container): Promise<number> {
    if (container.row.state !== "running") return container.row.exitCode ?? 0;
    return await new Promise((resolve) => {
      const settle = (exitCode: number) => {
        container.onExit.delete(settle);
        resolve(exitCode);
      };
      container.onExit.add(settle);
    });
  }

  /** Remove a container, its lease and its files. @throws {NetdError} CONTAINER_RUNNING unless `isForced`; STATE_WRITE_FAILED */
  async remove(container: Container, isForced: boolean): Promise<void> {
    await container.busy.catch(() => {});
    if (container.row.state === "running") {
      const { name } = container.row;
      if (!isForced) {
        throw new NetdError("CONTAINER_RUNNING", `Cannot remove container '${name}': it runs, a stopped one wanted`, {
          remedy: `Stop it with 'netctl stop ${name}', or use 'netctl rm -f ${name}'`,
        });
      }
      const exited = this.exited(container);
      await this.kill(container, SIGKILL);
      await exited;
    }
    await takeTurn(container, async () => await removeContainer(this.#context, container));
    await container.left;
  }

  /** Deal with the end of a container's process. Called for each exit the runtime reports, in any order with the answer of its start. */
  async handleExit(event: ExitedEvent): Promise<void> {
    const container = this.#context.containers.byId(event.containerId);
    if (container === undefined) return;
    await takeTurn(container, async () => {
      const { row } = container;
      if (row.state !== "running" || row.pid !== event.pid) return;
      await this.markExited(container, event.exitCode, event.finishedAt);
      if (row.spec.autoRemove === true) await removeEnded(this.#context, container);
      for (const settle of [...container.onExit]) settle(container.row.exitCode ?? EXIT_CODE_LOST);
    });
  }

  /** Record that a container has ended, and take its network down. */
  async markExited(container: Container, exitCode: number | null, finishedAt: string): Promise<void> {
    const { store, events, logger } = this.#context;
    const { row } = container;
    const { pid: _pid, startTime: _startTime, ...rest } = row;
    container.row = {
      ...rest,
      state: "exited",
      exitCode: exitCode ?? EXIT_CODE_LOST,
      finishedAt,
      ...(exitCode === null ? { error: "its exit code was lost: nobody watched when it ended" } : {}),
    };
    await leaveNetwork(this.#context, container);
    try {
      store.updateContainerState(container.row);
    } catch (error) {
      // The disk is full: the runtime's record tells the same after a restart.
      logger.error({ err: error, container: row.name }, "cannot write that a container ended");
    }
    events.emit({ at: finishedAt, type: "container.exited", container: row.name, exitCode: container.row.exitCode! });
  }

  async #runtime() {
    return await this.#context.runtime.client();
  }
}
