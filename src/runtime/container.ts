/**
 * A container whose process runs or has ended.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { openProcess, signalProcess } from "../kernel/process/index.ts";
import { ContainerLog } from "./container-log.ts";
import { reopenStreams, type StreamDescriptors } from "./container-streams.ts";
import { Execs } from "./execs.ts";
import { ProcessStreams } from "./process-streams.ts";
import type { ContainerRecord, KeptDescriptor, LogLoss } from "./protocol.ts";
import type { StoredRecord } from "./record-store.ts";

/** What {@link Container} has of its process besides the record. */
export interface ContainerHandles {
  streams: Partial<StreamDescriptors> & { terminalFd?: number };
  /** Close standard input when the last client is gone: it was started for a client. */
  closesStdin: boolean;
  /** Told that the record has changed by itself: its log had no room, or a process was detached. */
  onChange: (change: "log" | "execs") => void;
}

/** Reads of a container whose log files are small are short, so that few of them fill more than a file. */
const READS_PER_LOG_FILE = 8;

/** Holds the record, the streams and the log of a container. */
export class Container {
  record: StoredRecord;
  readonly streams: ProcessStreams;
  readonly execs: Execs;
  readonly #log: ContainerLog | undefined;
  readonly #pidfd: number | undefined;
  readonly #closesStdin: boolean;

  constructor(record: StoredRecord, { streams, closesStdin, onChange }: ContainerHandles) {
    this.record = record;
    this.#closesStdin = closesStdin;
    this.execs = new Execs(() => {
      this.record = { ...this.record, execs: this.execs.detached() };
      onChange("execs");
    });
    const limits = record.logLimits ?? { maxBytes: Number.MAX_SAFE_INTEGER, maxFiles: 1 };
    if (record.logFile !== undefined) {
      const onLoss = (logLoss: LogLoss) => {
        this.record = { ...this.record, logLoss };
        onChange("log");
      };
      this.#log = new ContainerLog({ path: record.logFile, ...limits, loss: record.logLoss, onLoss });
    }
    this.#pidfd = openLiving(record.pid);
    this.streams = new ProcessStreams({
      ...streams,
      readMaxBytes: Math.ceil(limits.maxBytes / READS_PER_LOG_FILE),
      record: (stream, bytes) => this.#log?.append(stream, bytes),
      onAbandoned: () => {
        if (closesStdin) this.streams.closeInput();
      },
    });
  }

  /** Take over a container that a runtime before us started. Its terminal and standard input come later, from who kept them. */
  static adopt(record: StoredRecord, onChange: ContainerHandles["onChange"]): Container {
    const streams = record.isTerminal ? undefined : reopenStreams(record.streamDir);
    return new Container(record, { streams: streams ?? {}, closesStdin: false, onChange });
  }

  /** Our descriptor of its process; undefined when it ended while there was no runtime. */
  get pidfd(): number | undefined {
    return this.#pidfd;
  }

  /** Send a signal to the first process. False: it is gone. */
  signal(signal: number): boolean {
    return this.#pidfd !== undefined && this.record.state === "running" && signalProcess(this.#pidfd, signal);
  }

  /** What shall outlive this runtime. */
  keptDescriptors(): KeptDescriptor[] {
    const { containerId } = this.record;
    if (this.record.state !== "running") return [];
    const { terminalFd, stdinFd } = this.streams;
    const outputs = terminalFd === undefined ? this.streams.outputFds() : [];
    return [
      ...outputs.map(([purpose, fd]) => ({ containerId, purpose, fd })),
      ...(terminalFd === undefined ? [] : [{ containerId, purpose: "terminal", fd: terminalFd } as const]),
      // Standard input of a client's own container ends with its client, and its end of file must not wait for anybody.
      ...(stdinFd === undefined || this.#closesStdin ? [] : [{ containerId, purpose: "stdin", fd: stdinFd } as const]),
    ];
  }

  /** Take the rest of the output, write down how it ended, and tell the clients. */
  finish(exitCode: number | null, finishedAt: string): void {
    this.record = { ...this.record, state: "exited", finishedAt, ...(exitCode === null ? {} : { exitCode }) };
    this.streams.finish(exitCode);
    this.#log?.close();
    if (this.#pidfd !== undefined) closeSync(this.#pidfd);
  }
}

/** Open a descriptor of a process; undefined when it ended while there was no runtime. */
function openLiving(pid: number): number | undefined {
  try {
    return openProcess(pid);
  } catch {
    return undefined;
  }
}

/** What others may know of a record. */
export function describeRecord(record: StoredRecord): ContainerRecord {
  const { containerId, pid, startTime, exitCode, finishedAt, logLoss, oomKilled } = record;
  return {
    containerId,
    pid,
    startTime,
    state: record.state === "running" ? "running" : "exited",
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(logLoss === undefined ? {} : { logLoss }),
    ...(oomKilled === undefined ? {} : { oomKilled }),
  };
}
