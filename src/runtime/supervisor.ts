/**
 * Knows all containers of one run directory: starts, watches, signals and forgets them.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { dirname } from "node:path";
import { NetdError } from "../errors.ts";

import {
  type Cgroups,
  cgroupCreate,
  readOomKills,
  restrictLayout,
  SeccompCompiler,
  shellQuote,
} from "../kernel/index.ts";
import {
  composeShell,
  type ForkServer,
  faultPoint,
  type LaunchedProcess,
  takeDescriptor,
} from "../kernel/process/index.ts";

import { ChildWatch } from "./child-watch.ts";
import { Container, describeRecord } from "./container.ts";
import { closeStreams, createStreams, deleteStreams, settleStdin } from "./container-streams.ts";
import { openUserNamespace } from "./container-user.ts";
import { startExec } from "./exec.ts";
import { killLostExecs } from "./execs.ts";
import { Gates } from "./gates.ts";
import { OCI_VERSION, type OciConfig, type OciSeccomp } from "./oci/config.ts";
import { OrphanWatch } from "./orphan-watch.ts";
import { planContainerCgroup } from "./plan/container-cgroup.ts";
import { planContainer } from "./plan/container-steps.ts";
import type {
  ContainerRecord,
  ExecParams,
  KeptDescriptor,
  RuntimeEvent,
  RuntimeMethods,
  StartParams,
  StartResult,
  StatusResult,
} from "./protocol.ts";
import { draftRecord, type RecordStore, type StoredRecord } from "./record-store.ts";
import { isRunning, notRunning, unknown } from "./refusals.ts";
import { listenerTaker } from "./seccomp-listener.ts";
import type { StreamPeer } from "./stream-client.ts";

/** What a {@link Supervisor} is made from. */
export interface SupervisorOptions {
  forkServer: ForkServer;
  cgroups: Cgroups;
  records: RecordStore;
  /** Told what every control connection shall hear. */
  emit: (event: RuntimeEvent) => void;
  /** Told what nobody asked for and somebody should read. */
  warn: (message: string) => void;
}

const SIGKILL = 9;
const RECORD_DELAY_MS = 100;

/** Sends the answer to an exec; returns the client that gets its streams, if there is one. */
export type ExecAnswer = (result: RuntimeMethods["exec"]["result"]) => StreamPeer | undefined;

/** Supervises containers. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** Those that run, and those that ended and are not removed. */
  readonly #containers = new Map<string, Container>();
  /** Ended ones of a runtime before us. */
  readonly #ended = new Map<string, StoredRecord>();
  readonly #starting = new Set<string>();
  readonly #children = new ChildWatch();
  readonly #orphans = new OrphanWatch();
  readonly seccomp = new SeccompCompiler();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Take over what a runtime before us left. */
  adopt(): void {
    for (const record of this.#options.records.list()) this.#adopt(record);
  }

  /** Every container that is not removed. */
  list(): ContainerRecord[] {
    const records = [...[...this.#containers.values()].map(({ record }) => record), ...this.#ended.values()];
    return records.map(describeRecord);
  }

  /**
   * Start a container. The peer that `answer` returns is its first client, joined before its end is looked for: it loses no output.
   *
   * @throws {NetdError} CONTAINER_RUNNING, LAUNCH_FAILED, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, MOUNT_SOURCE_MISSING,
   * KERNEL_FEATURE_MISSING; nothing is left of the attempt
   */
  async start(params: StartParams, answer?: (result: StartResult) => StreamPeer): Promise<StartResult> {
    const { containerId } = params;
    this.#checkStartable(containerId);
    this.#starting.add(containerId);
    try {
      return await this.#launch(params, answer);
    } finally {
      this.#starting.delete(containerId);
      if (params.gate !== undefined) this.gates.forget(params.gate);
    }
  }

  /** Join a client to the streams of a container. A container that has ended tells its exit code at once. */
  attach(containerId: string, peer: StreamPeer): void {
    const container = this.#find(containerId);
    const client = container.streams.attach(peer);
    if (container.record.state === "exited") client.end(container.record.exitCode ?? 0);
  }

  /** Check that a client may attach. @throws {NetdError} CONTAINER_UNKNOWN, CONTAINER_NOT_RUNNING */
  checkAttachable(containerId: string): void {
    this.#findRunning(containerId);
  }

  /** Run a further process. `peer` joins it to a client once `answer` was sent. @throws {NetdError} as {@link start} */
  async exec(params: ExecParams, answer: ExecAnswer): Promise<void> {
    const container = this.#findRunning(params.containerId);
    const { forkServer, cgroups } = this.#options;
    const { pidfd } = container;
    const { cgroupsPath } = container.record;
    if (pidfd === undefined) throw notRunning(params.containerId);
    await startExec(params, {
      forkServer,
      children: this.#children,
      execs: container.execs,
      pid: container.record.pid,
      pidfd,
      joinFiles: cgroups.joinFiles(cgroupsPath, cgroups.controllersOf(cgroupsPath)),
      seccomp: this.seccomp,
      bundle: dirname(container.record.streamDir),
      answer,
    });
  }

  /** Tell what changes in a container while it runs. @throws {NetdError} CONTAINER_UNKNOWN */
  status(containerId: string): StatusResult {
    const { execs, record } = this.#find(containerId);
    return { execs: execs.list(), ...(record.logLoss && { logLoss: record.logLoss }) };
  }

  /** Send a signal to a container's first process. @throws {NetdError} CONTAINER_UNKNOWN, CONTAINER_NOT_RUNNING */
  signal(containerId: string, signal: number): void {
    const container = this.#findRunning(containerId);
    if (!container.signal(signal)) throw notRunning(containerId);
  }

  /** Forget a container and remove all that is left of it; one that runs is killed. Does nothing for one that is unknown. */
  async remove(containerId: string): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container !== undefined && container.record.state === "running") {
      await new Promise<void>((resolve) => {
        this.#onceExited.set(containerId, resolve);
        this.#options.cgroups.kill(container.record.cgroupsPath);
        container.signal(SIGKILL);
      });
    }
    const record = container?.record ?? this.#ended.get(containerId);
    if (record === undefined) return;
    faultPoint("forget:begin");
    this.#options.cgroups.remove(record.cgroupsPath);
    deleteStreams(record.streamDir);
    this.#containers.delete(containerId);
    this.#ended.delete(containerId);
    faultPoint("forget:record");
    this.#options.records.delete(containerId);
  }

  /** Where starts wait for their callers. */
  readonly gates = new Gates();
  readonly #unrecorded = new Map<string, NodeJS.Timeout>();
  readonly #onceExited = new Map<string, () => void>();

  /** Write a start as the commands a person would type. */
  show(params: StartParams): string[] {
    const { cgroups } = this.#options;
    const { config, stdin, streamDir } = params;
    const fifos = [...(stdin ? ["stdin"] : []), "stdout", "stderr"].map((name) => shellQuote(`${streamDir}/${name}`));
    const { pidNamespace, steps } = planContainer(params, this.#factsFor(config));
    return [
      ...cgroupCreate.toShell(planContainerCgroup(config), { cgroups }),
      ...(config.process.terminal === true ? [] : [`mkfifo -m 600 ${fifos.join(" ")}`]),
      composeShell(steps, { pidNamespace }),
    ];
  }

  /** Descriptors that shall outlive this runtime. */
  descriptors(): KeptDescriptor[] {
    return [...this.#containers.values()].flatMap((container) => container.keptDescriptors());
  }

  /** Take back descriptors that the process `pid` kept for us. What it lacks is left out. */
  restoreDescriptors({ pid, descriptors }: RuntimeMethods["restoreDescriptors"]["params"]): void {
    for (const { containerId, purpose, fd } of descriptors) {
      const container = this.#containers.get(containerId);
      // Output has been open again since the adoption: its FIFOs have names.
      if (purpose === "stdout" || purpose === "stderr") continue;
      if (container === undefined || container.record.state !== "running") continue;
      try {
        const own = takeDescriptor(pid, fd);
        if (purpose === "terminal") container.streams.restoreTerminal(own);
        else container.streams.restoreStdin(own);
      } catch (error) {
        this.#options.warn(`Cannot take the ${purpose} of container ${containerId} back: ${String(error)}`);
      }
    }
  }

  async #launch(params: StartParams, answer?: (result: StartResult) => StreamPeer): Promise<StartResult> {
    const { cgroups, records } = this.#options;
    const { containerId, config, streamDir } = params;
    const { cgroupsPath } = config.linux;
    const isTerminal = config.process.terminal === true;
    const draft = draftRecord(params);
    records.write(draft);
    faultPoint("launch:recorded");
    const undo: (() => void)[] = [() => records.delete(containerId)];
    try {
      cgroupCreate.apply(planContainerCgroup(config), { cgroups });
      undo.unshift(() => cgroups.remove(cgroupsPath));
      faultPoint("launch:cgroup");
      const opened = isTerminal ? undefined : createStreams(streamDir, params.stdin);
      undo.unshift(() => {
        if (opened !== undefined) closeStreams(opened);
        deleteStreams(streamDir);
      });
      faultPoint("launch:streams");
      const process = await this.#fork(params);
      faultPoint("launch:forked");
      const { stdinFd: bothWaysFd, ...outputs } = opened ?? {};
      const stdinFd = bothWaysFd === undefined ? undefined : settleStdin(streamDir, bothWaysFd);
      const { pid, startTime, terminalFd } = process;
      const container = new Container(
        { ...draft, pid, startTime, state: "running" },
        {
          streams: {
            ...outputs,
            ...(stdinFd === undefined ? {} : { stdinFd }),
            ...(terminalFd === undefined ? {} : { terminalFd }),
          },
          closesStdin: answer !== undefined,
          onChange: (change) => this.#recordChange(containerId, change),
        },
      );
      this.#ended.delete(containerId);
      this.#containers.set(containerId, container);
      records.write(container.record);
      faultPoint("launch:running");
      const result = { pid, startTime, forks: process.forks, slow: process.isSlow };
      const peer = answer?.(result);
      if (peer !== undefined) container.streams.attach(peer, { isStarter: true });
      this.#children.add(pid, (exitCode) => this.#end(container, exitCode));
      const descriptors = container.keptDescriptors();
      if (descriptors.length > 0) this.#options.emit({ event: "descriptors", params: { descriptors } });
      return result;
    } catch (error) {
      for (const step of undo) this.#attempt(step);
      throw error;
    }
  }

  async #fork(params: StartParams): Promise<LaunchedProcess> {
    const { containerId, config, gate, streamDir } = params;
    const userNamespaceFd = openUserNamespace(config);
    try {
      const facts = this.#factsFor(config);
      const plan = planContainer(params, userNamespaceFd === undefined ? facts : { ...facts, userNamespaceFd });
      const waits = gate === undefined ? {} : { gate: this.gates.wait(gate) };
      const bundle = dirname(streamDir);
      const state = { ociVersion: OCI_VERSION, id: containerId, status: "creating", bundle } as const;
      const takeListener = listenerTaker(plan.seccomp, state);
      const request = { ...plan, ...waits, ...(takeListener === undefined ? {} : { takeListener }) };
      return await this.#options.forkServer.launch(request);
    } finally {
      if (userNamespaceFd !== undefined) closeSync(userNamespaceFd);
    }
  }

  #adopt(record: StoredRecord): void {
    if (record.state === "exited") {
      this.#ended.set(record.containerId, record);
      return;
    }
    if (record.state === "starting") {
      this.#attempt(() => this.#options.cgroups.remove(record.cgroupsPath));
      this.#attempt(() => deleteStreams(record.streamDir));
      this.#options.records.delete(record.containerId);
      return;
    }
    const { unified } = this.#options.cgroups.layout;
    const { pid, startTime } = record;
    const orphan = {
      pid,
      startTime,
      ...(unified === undefined ? {} : { eventsFile: `${unified}${record.cgroupsPath}/cgroup.events` }),
    };
    const { execs = [], ...rest } = record;
    const container = Container.adopt(rest, (change) => this.#recordChange(record.containerId, change));
    this.#containers.set(record.containerId, container);
    for (const exec of execs) {
      container.execs.add(exec);
      this.#orphans.add(exec, () => container.execs.delete(exec.id));
    }
    this.#attempt(() => killLostExecs(this.#options.cgroups.pids(record.cgroupsPath), pid, execs));
    this.#orphans.add(orphan, (exitCode) => this.#end(container, exitCode));
  }

  /** The first process has ended, and with it all in its pid namespace. */
  #end(container: Container, exitCode: number | null): void {
    const finishedAt = new Date().toISOString();
    const { containerId, pid, cgroupsPath } = container.record;
    const isOom = readOomKills(this.#options.cgroups.layout, cgroupsPath) > 0;
    const oom = isOom ? { oomKilled: true } : {};
    container.record = { ...container.record, ...oom };
    container.finish(exitCode, finishedAt);
    const { logLoss } = container.record;
    faultPoint("end:finished");
    this.#attempt(() => this.#options.records.write(container.record));
    faultPoint("end:recorded");
    this.#attempt(() => this.#options.cgroups.remove(cgroupsPath));
    this.#options.emit({
      event: "exited",
      params: { containerId, pid, exitCode, finishedAt, ...oom, ...(logLoss && { logLoss }) },
    });
    this.#onceExited.get(containerId)?.();
    this.#onceExited.delete(containerId);
  }

  /** Write a record down that has changed by itself; what a log loses may change too often to write it down each time. */
  #recordChange(containerId: string, change: "log" | "execs"): void {
    const { records } = this.#options;
    const container = this.#containers.get(containerId);
    if (change === "execs") {
      if (container?.record.state === "running") this.#attempt(() => records.write(container.record));
      return;
    }
    if (this.#unrecorded.has(containerId)) return;
    const timer = setTimeout(() => {
      this.#unrecorded.delete(containerId);
      const record = this.#containers.get(containerId)?.record;
      if (record?.state === "running") this.#attempt(() => records.write(record));
    }, RECORD_DELAY_MS);
    this.#unrecorded.set(containerId, timer);
  }

  #factsFor({ linux: { cgroupsPath, resources } }: OciConfig) {
    const { cgroups } = this.#options;
    const compileSeccomp = (profile: OciSeccomp) => this.seccomp.compile(profile);
    const controllers = cgroups.controllersFor(resources);
    const joinFiles = cgroups.joinFiles(cgroupsPath, controllers);
    return { cgroups: restrictLayout(cgroups.layout, controllers), joinFiles, compileSeccomp };
  }

  #checkStartable(containerId: string): void {
    if (!/^[0-9a-f]{64}$/.test(containerId)) {
      throw new NetdError(
        "API_REQUEST_INVALID",
        `Cannot start container "${containerId}": 64 hexadecimal digits wanted`,
      );
    }
    const isBusy = this.#starting.has(containerId) || this.#containers.get(containerId)?.record.state === "running";
    if (!isBusy) return;
    throw isRunning(containerId);
  }

  #find(containerId: string): Container {
    const container = this.#containers.get(containerId);
    if (container !== undefined) return container;
    throw unknown(containerId);
  }

  #findRunning(containerId: string): Container {
    const container = this.#find(containerId);
    if (container.record.state === "running") return container;
    throw notRunning(containerId);
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.warn(error instanceof Error ? error.message : String(error));
    }
  }
}
