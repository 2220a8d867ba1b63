/**
 * The daemon: its parts put together, and what the API can ask of it.
 *
 * @module
 */
import type { Readable } from "node:stream";
import type {
  ContainerInfo,
  ContainerSpec,
  DaemonInfo,
  EventInfo,
  ExecSpec,
  ImageInfo,
  LogLoss,
  ShellPlan,
  StatsInfo,
  TopInfo,
  UpdateSpec,
  WaitCondition,
} from "../api/index.ts";
import { NetdError } from "../errors.ts";
import { stepsToShell } from "../kernel/index.ts";
import type { Logger } from "../logger.ts";
import type { PendingChanges } from "./change/pending-changes.ts";
import type { AnyRuntimeStream, ContainerLifecycle } from "./container/lifecycle.ts";
import { pauseContainer, showPause, unpauseContainer } from "./container/pause.ts";
import { renameContainer } from "./container/rename.ts";
import { readStats } from "./container/stats.ts";
import type { StopOptions } from "./container/stop.ts";
import { stopSignalOf } from "./container/stop-flag.ts";
import { listProcesses } from "./container/top.ts";
import { showUpdate, updateContainer } from "./container/update.ts";
import { waitForCondition, waitForLastExit } from "./container/wait.ts";
import { type Container, containerInfo } from "./container.ts";
import { createContainer, previewContainer } from "./container-create.ts";
import { imageUser } from "./container-registry.ts";
import { showLaunch, showStop } from "./container-show.ts";
import type { DaemonContext } from "./context.ts";
import { DoctorApi } from "./doctor/doctor-api.ts";
import { planLeave } from "./endpoint/container-network.ts";
import { EndpointsApi } from "./endpoint/endpoints-api.ts";
import { ContainerFilesApi } from "./files/container-files-api.ts";
import type { Policies } from "./firewall/policies.ts";
import { parseImageChanges } from "./image-changes.ts";
import { imageInfo } from "./image-info.ts";
import { LeasesApi } from "./lease/leases-api.ts";
import { type ReadLogOptions, readLog } from "./log/read-log.ts";
import { NetworksApi } from "./network/networks-api.ts";
import type { DaemonOptions } from "./options.ts";
import type { Publishing } from "./publish/publishing.ts";
import { DriftApi } from "./reconcile/drift-api.ts";
import { type OpenedDaemon, openContext } from "./start.ts";
import { Volumes } from "./storage/volumes.ts";

declare const NETD_VERSION: string;

/** A running netd. */
export class Daemon {
  readonly logger: Logger;
  readonly volumes: Volumes;
  readonly files: ContainerFilesApi;
  readonly endpoints: EndpointsApi;
  readonly networks: NetworksApi;
  readonly publishing: Publishing;
  readonly policies: Policies;
  readonly changes: PendingChanges;
  readonly drift: DriftApi;
  readonly leases: LeasesApi;
  readonly doctor: DoctorApi;
  readonly #context: DaemonContext;
  readonly #lifecycle: ContainerLifecycle;
  readonly #watch: Disposable;

  private constructor({ context, lifecycle, publishing, policies, watch }: OpenedDaemon) {
    this.#context = context;
    this.#lifecycle = lifecycle;
    this.#watch = watch;
    this.logger = context.logger;
    this.volumes = new Volumes(context);
    this.files = new ContainerFilesApi(context);
    this.endpoints = new EndpointsApi(context);
    this.networks = new NetworksApi(context);
    this.publishing = publishing;
    this.policies = policies;
    this.changes = context.changes;
    this.drift = new DriftApi(context);
    this.leases = new LeasesApi(context);
    this.doctor = new DoctorApi(context);
  }

  /**
   * Start: read the state, bring the kernel to it, find or start the helpers. It does not listen yet.
   *
   * @throws {NetdError} DAEMON_ALREADY_RUNNING, BRIDGE_FOREIGN, SUBNET_OVERLAPS_ROUTE …
   */
  static async start(options: DaemonOptions, logger: Logger): Promise<Daemon> {
    const daemon = new Daemon(await openContext(options, logger));
    // Only now is there a handler for every kind of change.
    await daemon.changes.resume();
    return daemon;
  }

  /** Let go of everything; containers, their network and their names go on. */
  stop(): void {
    const { runtime, dns, store, journal, links, changes, reconciler } = this.#context;
    changes.stop();
    this.#watch[Symbol.dispose]();
    reconciler.stop();
    runtime.stop();
    dns.stop();
    links[Symbol.dispose]();
    journal.flush();
    store[Symbol.dispose]();
  }

  async info(): Promise<DaemonInfo> {
    const { options, instance, containers, runtime, dns } = this.#context;
    const hello = await (await runtime.client()).call("hello", {});
    const resolver = await (await dns.client()).request({ method: "hello" });
    return {
      version: NETD_VERSION,
      pid: process.pid,
      instance,
      runDir: options.runDir,
      stateDir: options.stateDir,
      runtime: { pid: hello.pid, forks: hello.forks, secondForks: hello.secondForks, slowStarts: hello.slowStarts },
      dns: { pid: resolver.pid },
      containers: {
        running: [...containers].filter(({ row }) => row.state === "running").length,
        total: containers.size,
      },
    };
  }

  listContainers(hasAll: boolean): ContainerInfo[] {
    const shown = [...this.#context.containers].filter(({ row }) => hasAll || row.state === "running");
    return shown.map((container) => this.#info(container)).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  async inspectContainer(reference: string): Promise<ContainerInfo> {
    const container = this.#find(reference);
    const status = await this.#lifecycle.status(container);
    return { ...this.#info(container), ...status };
  }

  /** @throws {NetdError} for anything that is wrong with the spec */
  async createContainer(spec: ContainerSpec): Promise<ContainerInfo> {
    return this.#info(await createContainer(this.#context, spec));
  }

  /** The commands that would create and start such a container; nothing is done. */
  async showRun(spec: ContainerSpec): Promise<ShellPlan> {
    return await this.#show(previewContainer(this.#context, spec));
  }

  /** The commands that make a container by hand. */
  async showContainer(reference: string): Promise<ShellPlan> {
    return await this.#show(this.#find(reference));
  }

  async startContainer(reference: string): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await this.#lifecycle.start(container);
    return this.#info(container);
  }

  async stopContainer(reference: string, options: StopOptions): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await this.#lifecycle.stop(container, options);
    return this.#info(container);
  }

  async restartContainer(reference: string, options: StopOptions): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await this.#lifecycle.restart(container, options);
    return this.#info(container);
  }

  /** @throws {NetdError} for a change that can't be, and nothing has changed */
  async renameContainer(reference: string, name: string): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await renameContainer(this.#context, container, name);
    return this.#info(container);
  }

  async updateContainer(reference: string, change: UpdateSpec): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await updateContainer(this.#context, container, change);
    return this.#info(container);
  }

  showUpdate(reference: string, change: UpdateSpec): ShellPlan {
    return showUpdate(this.#context, this.#find(reference), change);
  }

  /** What containers use: those that are named, else all that run. @throws {NetdError} CONTAINER_UNKNOWN */
  stats(references: string[]): StatsInfo[] {
    const { containers } = this.#context;
    const named = references.map((reference) => this.#find(reference));
    const shown = references.length > 0 ? named : [...containers].filter(({ row }) => row.state === "running");
    return shown.map((container) => readStats(this.#context, container));
  }

  async top(reference: string, psOptions: string[]): Promise<TopInfo> {
    return await listProcesses(this.#context, this.#find(reference), psOptions);
  }

  async pauseContainer(reference: string, isPausing: boolean): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await (isPausing ? pauseContainer : unpauseContainer)(this.#context, container);
    return this.#info(container);
  }

  showPause(reference: string, isPausing: boolean): ShellPlan {
    return showPause(this.#context, this.#find(reference), isPausing);
  }

  showStop(reference: string, signal: number | undefined): ShellPlan {
    const container = this.#find(reference);
    return { commands: showStop(container, signal ?? stopSignalOf(container)) };
  }

  async killContainer(reference: string, signal: number): Promise<ContainerInfo> {
    const container = this.#find(reference);
    await this.#lifecycle.kill(container, signal);
    return this.#info(container);
  }

  async waitContainer(reference: string, condition: WaitCondition = "not-running"): Promise<number> {
    return await waitForCondition(this.#find(reference), condition);
  }

  async removeContainer(reference: string, isForced: boolean, hasVolumes = false): Promise<void> {
    await this.#lifecycle.remove(this.#find(reference), isForced, hasVolumes);
  }

  showRemove(reference: string): ShellPlan {
    const container = this.#find(reference);
    const { row, paths } = container;
    const kill = row.state === "running" ? showStop(container, 9) : [];
    return {
      commands: [...kill, ...stepsToShell(planLeave(row)), `rm -r ${paths.root}`],
    };
  }

  /** Attach to a container; `settled` settles when its end has been dealt with. */
  async attach(
    reference: string,
    isStarting: boolean,
  ): Promise<{ stream: AnyRuntimeStream; settled: () => Promise<unknown> }> {
    const container = this.#find(reference);
    let isSettled = false;
    const exit = new Promise<void>((resolve) => {
      const settle = () => {
        isSettled = true;
        container.onExit.delete(settle);
        resolve();
      };
      container.onExit.add(settle);
    });
    const stream = await (isStarting ? this.#lifecycle.startAttached(container) : this.#lifecycle.attach(container));
    const settled = async (): Promise<void> => {
      if (!isSettled) await exit;
      // Who sees the end of `run --rm` finds nothing of it on the host.
      if (container.row.spec.autoRemove === true) await container.left;
    };
    return { stream, settled };
  }

  async exec(reference: string, spec: ExecSpec): Promise<AnyRuntimeStream> {
    return await this.#lifecycle.exec(this.#find(reference), spec);
  }

  /** Read what a container wrote; `loss` is what its log had no room for. @throws {NetdError} LOG_NOT_KEPT */
  async readLogs(
    reference: string,
    options: Omit<ReadLogOptions, "ended">,
  ): Promise<{ stream: Readable; loss: LogLoss | undefined }> {
    const container = this.#find(reference);
    const { name, spec } = container.row;
    if (spec.log?.driver === "none") {
      throw new NetdError("LOG_NOT_KEPT", `Cannot read the log of container '${name}': its log driver is 'none'`, {
        remedy: "Create it anew without --log-driver none, or look at its output with 'netctl attach'",
      });
    }
    const { logLoss = container.row.logLoss } = await this.#lifecycle.status(container);
    const ended = waitForLastExit(container);
    return { stream: readLog(container.paths.log, { ...options, ended }), loss: logLoss };
  }

  listImages(): ImageInfo[] {
    return this.#context.images.list().map(imageInfo);
  }

  async importImage(name: string, archive: Readable, changes: string[]): Promise<ImageInfo> {
    const { images, containers } = this.#context;
    const image = await images.importTar(name, archive, { config: parseImageChanges(changes) });
    await images.collectGarbage((id) => imageUser(containers, id));
    return imageInfo(image);
  }

  async removeImage(name: string): Promise<void> {
    const { images, containers } = this.#context;
    await images.remove(name, (id) => imageUser(containers, id));
  }

  /** Listen to events until the returned function is called; those since a moment that are remembered come at once. */
  listen(listener: (event: EventInfo) => void, sinceMs?: number): () => void {
    for (const event of sinceMs === undefined ? [] : this.#context.events.history) {
      if (Date.parse(event.at) >= sinceMs!) listener(event);
    }
    return this.#context.events.listen(listener);
  }

  async #show(container: Container): Promise<ShellPlan> {
    return { commands: await showLaunch(this.#context, container) };
  }

  #find(reference: string): Container {
    return this.#context.containers.find(reference);
  }

  #info(container: Container): ContainerInfo {
    return containerInfo(container, this.#context.networks);
  }
}
