/**
 * What one call leaves to the next: a directory for each container.
 *
 *     ROOT/ID/state.json     who it is and which process
 *     ROOT/ID/config.json    its configuration, complete
 *     ROOT/ID/start.fifo     there while it waits for its start
 *     ROOT/ID/result.fifo    what became of the start
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import type { OciConfig } from "../oci/config.ts";
import { checkContainerId } from "./container-id.ts";

/** A process that a later one with its pid is not taken for. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  startTime: number;
}

/** A container as it is written down. */
export interface StoredState {
  id: string;
  ociVersion: string;
  /** Absolute paths. */
  bundle: string;
  rootfs: string;
  /** RFC 3339. */
  created: string;
  annotations: Record<string, string>;
  cgroupsPath: string;
  /** File that says whether it is frozen; absent where there is no freezer. */
  freezerFile?: string;
  /** Links of the host that it has, and where its network namespace is pinned for them. */
  netDevices?: { taken: { host: string; index: number }[]; pin: string };
  /** Who makes it; a creator that has gone makes it no more. */
  creator: ProcessIdentity;
  /** Absent until there is one. */
  init?: ProcessIdentity;
}

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** The state directories below one root. */
export class StateStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The directory of a container. @throws {NetdError} CONTAINER_NAME_INVALID */
  directory(id: string): string {
    checkContainerId(id);
    return `${this.#root}/${id}`;
  }

  /** Make the directory of a new container. @throws {NetdError} CONTAINER_NAME_TAKEN */
  reserve(id: string): void {
    const directory = this.directory(id);
    mkdirSync(this.#root, { recursive: true, mode: DIRECTORY_MODE });
    try {
      mkdirSync(directory, { mode: DIRECTORY_MODE });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new NetdError(
        "CONTAINER_NAME_TAKEN",
        `Cannot create container "${id}": container with given ID already exists`,
        {
          remedy: `Choose another id, or remove that one with 'netd-runtime delete --force ${id}'`,
          cause: error,
        },
      );
    }
  }

  /** Write who it is, whole or not at all. */
  writeState(state: StoredState): void {
    this.#write(`${this.directory(state.id)}/state.json`, state);
  }

  /** Write its configuration. */
  writeConfig(id: string, config: OciConfig): void {
    this.#write(`${this.directory(id)}/config.json`, config);
  }

  /** Read who it is. @throws {NetdError} CONTAINER_UNKNOWN */
  readState(id: string): StoredState {
    const state = this.#read<StoredState>(`${this.directory(id)}/state.json`);
    if (state !== undefined) return state;
    throw new NetdError(
      "CONTAINER_UNKNOWN",
      `Cannot find container "${id}": container does not exist in ${this.#root}`,
      {
        remedy: "See the containers with 'netd-runtime list', and name their directory with --root",
      },
    );
  }

  /** Read its configuration. @throws {NetdError} CONTAINER_UNKNOWN */
  readConfig(id: string): OciConfig {
    const config = this.#read<OciConfig>(`${this.directory(id)}/config.json`);
    if (config !== undefined) return config;
    throw new NetdError(
      "CONTAINER_UNKNOWN",
      `Cannot use container "${id}": it has no configuration, its creation was cut off`,
      {
        remedy: `Remove it with 'netd-runtime delete --force ${id}'`,
      },
    );
  }

  /** Ids of all containers, in order. */
  list(): string[] {
    try {
      const entries = readdirSync(this.#root, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  /** Forget a container. */
  remove(id: string): void {
    rmSync(this.directory(id), { recursive: true, force: true });
  }

  #write(path: string, value: unknown): void {
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: FILE_MODE });
    renameSync(`${path}.new`, path);
  }

  #read<T>(path: string): T | undefined {
    try {
      return JSON.parse(readFileSync(path, "utf8")) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}
