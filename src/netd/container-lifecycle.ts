/**
 * The life of a container after its definition: start, signals, exit, removal. Each change of one container waits for the one before.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import type { ExecSpec } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import { type AppliedSteps, applySteps, type NetworkStep, teardownSteps, undoSteps } from "../kernel/index.ts";
import type { ExitedEvent, RuntimeClient, RuntimeStream, StartParams, StartResult } from "../runtime/index.ts";
import { checkBridge } from "./bridge-check.ts";
import type { Container } from "./container.ts";
import { removeDefinition } from "./container-create.ts";
import { deleteContainerDir } from "./container-dir.ts";
import { formatContainerHosts, writeGeneratedFiles } from "./container-hosts.ts";
import { endpointInput, execProcess, startParams } from "./container-launch.ts";
import { imageUser } from "./container-registry.ts";
import type { DaemonContext } from "./context.ts";
import { planDetach, planJoin, planNamespace } from "./endpoint-plan.ts";
import { HostsWriter, rewriteInPlace } from "./hosts-writer.ts";
import { findLink } from "./kernel-facts.ts";
import { linkAlias } from "./network-plan.ts";

/** A stream of a container's first process or of another one in it. */
export type AnyRuntimeStream = Pick<RuntimeStream<"start" | "attach" | "exec">, "socket" | "rest">;

/** Exit code of a container whose end nobody saw: the process and its parent were gone before anyone asked. */
const EXIT_CODE_LOST = 255;
const SIGKILL = 9;
/** How long the kernel gets to take a veth pair down with its namespace, in milliseconds. */
const LEAVE_LIMIT_MS = 2_000;

/** Starts, watches and removes the containers of one netd. */
export class ContainerLifecycle {
  readonly #context: DaemonContext;
  readonly #hosts: HostsWriter;

  constructor(context: DaemonContext) {
    this.#context = context;
    this.#hosts = new HostsWriter(() => this.#rewriteHosts());
  }

  /**
   * Start a container that does not run; starting a running one does nothing.
   *
   * @throws {NetdError} COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, LAUNCH_FAILED, BRIDGE_MISSING, BRIDGE_FOREIGN, NETNS_NAME_TAKEN, KERNEL_CALL_FAILED …;
   * the container is then as before, and nothing of the attempt is left
   */
  async start(container: Container): Promise<void> {
    await this.#exclusively(container, async () => {
      if (container.row.state === "running") return;
      const runtime = await this.#runtime();
      await this.#launch(container, runtime, async (params) => await runtime.call("start", params));
    });
  }

  /** Start a container and return the stream of its standard streams; no output is lost. @throws as {@link start}; CONTAINER_RUNNING */
  async startAttached(container: Container): Promise<AnyRuntimeStream> {
    return await this.#exclusively(container, async () => {
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
      await this.#launch(container, runtime, async (params) => {
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
    this.#checkRunning(container, "attach to");
    return await (await this.#runtime()).openStream("attach", { containerId: container.row.id });
  }

  /** Run another process in a running container. @throws {NetdError} CONTAINER_NOT_RUNNING, COMMAND_NOT_FOUND, USER_UNKNOWN … */
  async exec(container: Container, spec: ExecSpec): Promise<AnyRuntimeStream> {
    this.#checkRunning(container, "run a command in");
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
    this.#checkRunning(container, "send a signal to");
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
    await this.#exclusively(container, async () => await this.#remove(container));
    await container.left;
  }

  /** Deal with the end of a container's process. Called for each exit the runtime reports, in any order with the answer of its start. */
  async handleExit(event: ExitedEvent): Promise<void> {
    const container = this.#context.containers.byId(event.containerId);
    if (container === undefined) return;
    await this.#exclusively(container, async () => {
      const { row } = container;
      if (row.state !== "running" || row.pid !== event.pid) return;
      await this.markExited(container, event.exitCode, event.finishedAt);
      if (row.spec.autoRemove === true) await this.#removeEnded(container);
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
    await this.leave(container);
    try {
      store.updateContainerState(container.row);
    } catch (error) {
      // The disk is full: the runtime's record tells the same after a restart.
      logger.error({ err: error, container: row.name }, "cannot write that a container ended");
    }
    events.emit({ at: finishedAt, type: "container.exited", container: row.name, exitCode: container.row.exitCode! });
  }

  /** Take down what joins a container to its network. Goes on after each failure, and logs them. */
  async leave(container: Container): Promise<void> {
    const { journal, logger, dns, session } = this.#context;
    const { row, paths } = container;
    await dns.current?.request({ method: "remove", network: row.network, name: row.name }).catch((error: unknown) => {
      logger.warn({ err: error, container: row.name }, "cannot remove a name from the resolver");
    });
    for (const error of teardownSteps(planDetach({ netns: row.name }), { journal: journal.note, session })) {
      logger.error({ err: error, container: row.name }, "cannot take down a part of a container's network");
    }
    journal.flush();
    rmSync(paths.streams, { recursive: true, force: true });
    container.left = this.#waitUntilLeft(container);
    this.#hosts.schedule();
  }

  /** Wait for the kernel to take the veth pair down; when somebody else keeps its namespace alive, delete the pair itself. */
  async #waitUntilLeft({ row, hostInterface }: Container): Promise<void> {
    const { links, journal, logger, session, instance } = this.#context;
    // A link of that name may be somebody else's.
    if (findLink(hostInterface)?.alias !== linkAlias(instance, row.id)) return;
    if (await links.gone(hostInterface, LEAVE_LIMIT_MS)) return;
    logger.warn(
      { container: row.name },
      "somebody keeps a container's network namespace alive, its veth pair is deleted",
    );
    for (const error of teardownSteps([{ op: "link.delete", name: hostInterface }], {
      journal: journal.note,
      session,
    })) {
      logger.error({ err: error, container: row.name }, "cannot delete a veth pair");
    }
    journal.flush();
  }

  /** Make the network and the process at the same time; the process waits at its gate until the network is there. */
  async #launch(
    container: Container,
    runtime: RuntimeClient,
    start: (params: StartParams) => Promise<StartResult>,
  ): Promise<void> {
    const { store, events, logger, now } = this.#context;
    const { row, paths } = container;
    try {
      await container.left;
      checkBridge(this.#context, row.name);
      writeGeneratedFiles(this.#context, container);
      const gate = randomUUID();
      const params = { ...startParams(this.#context, container), gate };
      // There as long as a namespace of ours may be.
      mkdirSync(paths.streams, { recursive: true, mode: 0o700 });
      const input = endpointInput(this.#context, container);
      const applied: AppliedSteps[] = [];
      let result: StartResult;
      try {
        applied.push(this.#apply(planNamespace(input)));
        const starting = start(params);
        try {
          applied.push(this.#apply(planJoin(input)));
        } catch (error) {
          await Promise.allSettled([runtime.call("release", { gate, isGo: false }), starting]);
          throw error;
        }
        const named = this.#name(container);
        [result] = await Promise.all([starting, named, runtime.call("release", { gate, isGo: true })]);
      } catch (error) {
        await this.#undo(container, applied);
        throw error;
      }
      const { exitCode: _exitCode, finishedAt: _finishedAt, error: _error, ...definition } = row;
      const { pid, startTime, forks, slow } = result;
      container.row = {
        ...definition,
        state: "running",
        pid,
        startTime,
        startedAt: now().toISOString(),
        launch: { forks, slow },
      };
    } catch (error) {
      container.row = { ...row, error: error instanceof Error ? error.message : String(error) };
      if (row.spec.autoRemove === true) await this.#remove(container);
      throw error;
    }
    try {
      store.updateContainerState(container.row);
    } catch (error) {
      logger.error(
        { err: error, container: row.name },
        "cannot write that a container runs; the runtime's record tells it",
      );
    }
    this.#hosts.schedule();
    events.emit({ at: container.row.startedAt!, type: "container.started", container: row.name });
  }

  #apply(steps: readonly NetworkStep[]): AppliedSteps {
    const { journal, session } = this.#context;
    try {
      return applySteps(steps, { journal: journal.note, session });
    } finally {
      journal.flush();
    }
  }

  /** Have the resolver know a container. */
  async #name({ row, lease }: Container): Promise<void> {
    const upstreams = row.spec.dns === undefined ? {} : { upstreams: row.spec.dns };
    const client = await this.#context.dns.client();
    await client.request({
      method: "upsert",
      network: row.network,
      name: row.name,
      address: lease.address,
      ...upstreams,
    });
  }

  /** Take back what a failed start has done; a namespace that was somebody else's is not touched. */
  async #undo(container: Container, applied: readonly AppliedSteps[]): Promise<void> {
    const { journal, session, logger } = this.#context;
    for (const steps of applied.toReversed()) {
      for (const failure of undoSteps(steps, { journal: journal.note, session })) {
        logger.error({ err: failure, container: container.row.name }, "cannot undo a step of a start that failed");
      }
    }
    if (applied.length > 0) await this.leave(container);
    else rmSync(container.paths.streams, { recursive: true, force: true });
  }

  /** Remove a container that ended by itself: nobody waits for an error, so it is logged, and the container stays until `rm`. */
  async #removeEnded(container: Container): Promise<void> {
    try {
      await this.#remove(container);
    } catch (error) {
      this.#context.logger.error({ err: error, container: container.row.name }, "cannot remove a container that ended");
    }
  }

  async #remove(container: Container): Promise<void> {
    const { row, paths } = container;
    const { containers, images } = this.#context;
    if (containers.byId(row.id) !== container) return;
    const runtime = await this.#runtime();
    await runtime.call("remove", { containerId: row.id });
    removeDefinition(this.#context, container);
    deleteContainerDir(paths);
    // Its image may have lost its name while it lived.
    if (images.get(row.spec.image)?.id !== row.image.id) await images.collectGarbage((id) => imageUser(containers, id));
    this.#context.events.emit({
      at: this.#context.now().toISOString(),
      type: "container.removed",
      container: row.name,
    });
  }

  #rewriteHosts(): void {
    for (const container of this.#context.containers) {
      if (container.row.state !== "running") continue;
      try {
        rewriteInPlace(container.paths.hosts, formatContainerHosts(this.#context, container));
      } catch (error) {
        this.#context.logger.error({ err: error, container: container.row.name }, "cannot rewrite a hosts file");
      }
    }
  }

  #checkRunning({ row }: Container, verb: string): void {
    if (row.state === "running") return;
    throw new NetdError(
      "CONTAINER_NOT_RUNNING",
      `Cannot ${verb} container '${row.name}': it is ${row.state}, a running one wanted`,
      {
        remedy: `Start it with 'netctl start ${row.name}'`,
      },
    );
  }

  async #runtime() {
    return await this.#context.runtime.client();
  }

  async #exclusively<T>(container: Container, change: () => Promise<T>): Promise<T> {
    const result = container.busy.then(change, change);
    container.busy = result.catch(() => {});
    return await result;
  }
}
