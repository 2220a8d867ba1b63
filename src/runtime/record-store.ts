/**
 * What a runtime leaves to its successor: one small file for each container, on a tmpfs.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { ContainerRecord, ExecInfo, LogLimits, StartParams } from "./protocol.ts";

/** A further process as it is written down. */
export interface StoredExec extends ExecInfo {
  startTime: number;
}

/** A container as it is written down. */
export interface StoredRecord extends Omit<ContainerRecord, "state"> {
  /** `starting`: its runtime died before it knew of a process; what is in the cgroup has to go. */
  state: ContainerRecord["state"] | "starting";
  cgroupsPath: string;
  streamDir: string;
  logFile?: string;
  logLimits?: LogLimits;
  isTerminal: boolean;
  hasStdin: boolean;
  /** Further processes that go on without a runtime. */
  execs?: StoredExec[];
}

/** Make the record of a container that is about to be started. */
export function draftRecord(params: StartParams): StoredRecord {
  const { containerId, config, streamDir, logFile, logLimits, logLoss } = params;
  return {
    ...{ containerId, pid: 0, startTime: 0, state: "starting", cgroupsPath: config.linux.cgroupsPath, streamDir },
    isTerminal: config.process.terminal === true,
    hasStdin: params.stdin,
    ...(logFile === undefined ? {} : { logFile }),
    ...(logLimits === undefined ? {} : { logLimits }),
    ...(logLoss === undefined ? {} : { logLoss }),
  };
}

/** Reads and writes records. */
export class RecordStore {
  readonly #directory: string;

  constructor(runDir: string) {
    this.#directory = `${runDir}/runtime`;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** Read all records. One that is not whole, of a machine that crashed, is removed. */
  list(): StoredRecord[] {
    const records: StoredRecord[] = [];
    for (const name of readdirSync(this.#directory)) {
      const path = `${this.#directory}/${name}`;
      try {
        if (name.endsWith(".json")) records.push(JSON.parse(readFileSync(path, "utf8")) as StoredRecord);
        else rmSync(path, { force: true });
      } catch {
        rmSync(path, { force: true });
      }
    }
    return records;
  }

  /** Write a record, whole or not at all. */
  write(record: StoredRecord): void {
    const path = this.#pathOf(record.containerId);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Remove a record, if there is one. */
  delete(containerId: string): void {
    rmSync(this.#pathOf(containerId), { force: true });
  }

  #pathOf(containerId: string): string {
    return `${this.#directory}/${containerId}.json`;
  }
}
