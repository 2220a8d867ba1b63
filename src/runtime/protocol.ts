/**
 * What netd and netd-runtime say to each other on the runtime's unix socket.
 *
 * Two kinds of connection. A *control* connection carries one JSON document a line: requests `{ id, method, params }`, answers
 * `{ id, result }` or `{ id, error }`, and events `{ event, params }`. A *stream* connection begins with one request line and one answer
 * line of the same form; when the answer is a result, both sides then speak the frames of `src/stream` until an `exit` frame.
 *
 * @module
 */
import type { ErrorDocument } from "../errors.ts";
import type { OciConfig, OciProcess, OciSeccomp } from "./oci/config.ts";

/** Root file system made of image layers, mounted by the container's own steps at `config.root.path`. */
export interface OverlayRoot {
  /** Read-only directories, uppermost first. */
  lower: string[];
  upper: string;
  work: string;
}

/** A volume that is filled from the image. */
export interface FilledVolume {
  /** Of the bind mount that brings it. */
  destination: string;
  /** File of the host that is there while the volume is half full. */
  marker: string;
}

/** How much of a container's output is kept. */
export interface LogLimits {
  /** Size that one file of the log may have, in bytes. */
  maxBytes: number;
  /** Files that the log may have; then the oldest goes. */
  maxFiles: number;
}

/** Output that a log had no room for. */
export interface LogLoss {
  bytes: number;
  lines: number;
}

export interface StartParams {
  /** 64 hexadecimal digits; also the name of the runtime's record. */
  containerId: string;
  config: OciConfig;
  overlay?: OverlayRoot;
  /** Bind mounts that get, while their source is an empty directory, what the image has in their place. */
  filledVolumes?: FilledVolume[];
  /** Move the root over the host's instead of pivot_root(2), which an initramfs does not allow. */
  isRootMoved?: boolean;
  /** Keep standard input open for attached clients; otherwise it is /dev/null. */
  stdin: boolean;
  /** Directory that the runtime fills with FIFOs; it exists. */
  streamDir: string;
  /** File that gets the output as lines of the CRI log format; absent: the output is not kept. */
  logFile?: string;
  /** Absent: no limits. */
  logLimits?: LogLimits;
  /** What its log lost in earlier lives. */
  logLoss?: LogLoss;
  /** Wait, when all is ready but the exec, for a `release` of this name: the caller makes the network in the meantime. Used once. */
  gate?: string;
  /** Have a first process that reaps orphans and passes signals on to the command. */
  init?: true;
  /** Leave the process the session keyring of the runtime. */
  noNewKeyring?: true;
}

export interface StartResult {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat: tells a process from a later one with its pid. */
  startTime: number;
  forks: number;
  slow: boolean;
}

export interface ExecParams {
  containerId: string;
  /** `user`, `env`, `capabilities` and the rest resolved by the caller. */
  process: OciProcess;
  /** The container's own filter of system calls. */
  seccomp?: OciSeccomp;
  stdin: boolean;
  /** Do not wait for it and keep no stream. */
  detach: boolean;
}

/** A further process in a container, as long as it runs. */
export interface ExecInfo {
  /** 64 hexadecimal digits. */
  id: string;
  pid: number;
  command: string[];
  isTerminal: boolean;
  /** Nobody waits for it: it goes on when the runtime dies. */
  isDetached: boolean;
  /** ISO 8601. */
  startedAt: string;
}

/** What changes in a container while it runs. */
export interface StatusResult {
  execs: ExecInfo[];
  logLoss?: LogLoss;
}

/** What the runtime knows of one container it started. */
export interface ContainerRecord {
  containerId: string;
  pid: number;
  startTime: number;
  state: "running" | "exited";
  /** Absent while running; the code a shell would show. `undefined` after exit: nobody could learn it. */
  exitCode?: number;
  finishedAt?: string;
  logLoss?: LogLoss;
  /** The kernel killed one of its processes for want of memory. */
  oomKilled?: boolean;
}

export interface ExitedEvent {
  containerId: string;
  pid: number;
  /** `null` when nobody could learn it: the process was not our child and was reaped by another. */
  exitCode: number | null;
  finishedAt: string;
  logLoss?: LogLoss;
  /** The kernel killed one of its processes for want of memory. */
  oomKilled?: boolean;
}

export interface HelloResult {
  version: string;
  pid: number;
  containers: ContainerRecord[];
  forks: number;
  secondForks: number;
  slowStarts: number;
  /** A child that was forked for the next start and waits for it. */
  sparePid?: number;
}

/** A descriptor in the runtime that outlives it when netd keeps a duplicate (pidfd_getfd(2)). */
export interface KeptDescriptor {
  containerId: string;
  /** Of `stdout` and `stderr`, the reading ends: they keep the last words of a container that ends while there is no runtime. */
  purpose: "terminal" | "stdin" | "stdout" | "stderr";
  /** Number in the process that offers it. */
  fd: number;
}

/** Method to its parameters and result. `start`, `attach` and `exec` may also open a stream connection. */
export interface RuntimeMethods {
  /** First request of each control connection; events go to every control connection that said hello. */
  hello: { params: Record<string, never>; result: HelloResult };
  /** Compile a filter of system calls before the first start that wants it: that takes as long as some starts. */
  prepare: { params: { seccomp: OciSeccomp }; result: Record<string, never> };
  start: { params: StartParams; result: StartResult };
  /** Let a start through its gate, or call it off; may come before the start itself. A gate whose caller hangs up is called off. */
  release: { params: { gate: string; isGo: boolean }; result: Record<string, never> };
  attach: { params: { containerId: string }; result: Record<string, never> };
  exec: { params: ExecParams; result: { id: string; pid: number } };
  status: { params: { containerId: string }; result: StatusResult };
  signal: { params: { containerId: string; signal: number }; result: Record<string, never> };
  /** Forget an exited container: its record, FIFOs and cgroup. Kills what still runs in its cgroup. */
  remove: { params: { containerId: string }; result: Record<string, never> };
  /** The same start as shell commands; does nothing. */
  show: { params: StartParams; result: { commands: string[] } };
  /** Descriptors that netd shall duplicate from the runtime's pid, now. */
  descriptors: { params: Record<string, never>; result: { descriptors: KeptDescriptor[] } };
  /** After a restart of the runtime: take these back from the process `pid`. */
  restoreDescriptors: { params: { pid: number; descriptors: KeptDescriptor[] }; result: Record<string, never> };
  /** Exit; containers go on. */
  shutdown: { params: Record<string, never>; result: Record<string, never> };
}

export type RuntimeMethod = keyof RuntimeMethods;

export interface RuntimeRequest {
  id: number;
  method: RuntimeMethod;
  params: unknown;
}

export type RuntimeAnswer = { id: number; result: unknown } | { id: number; error: ErrorDocument };

export type RuntimeEvent =
  | { event: "exited"; params: ExitedEvent }
  /** A container got streams that netd shall keep duplicates of, until it ends. */
  | { event: "descriptors"; params: { descriptors: KeptDescriptor[] } };
