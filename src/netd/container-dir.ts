/**
 * Where things of a container are on the disk.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { NetdError } from "../errors.ts";
import { parseNetworkMode } from "./endpoint/network-mode.ts";
import type { ContainerRow } from "./state-store.ts";
import type { GeneratedFiles } from "./storage/plan-mounts.ts";

/** Paths of one container. Everything below `root` and `streams` goes with the container. */
export interface ContainerPaths extends GeneratedFiles {
  root: string;
  upper: string;
  work: string;
  /** Where the overlay is mounted, seen only in the container's own mount namespace. */
  rootfs: string;
  /** FIFOs of the standard streams: in the run directory, gone at reboot like the processes. */
  streams: string;
  log: string;
}

/** Paths of a container. Its id is 64 hexadecimal digits and so safe in a path, like that of the container whose files it may share. */
export function containerPaths(
  { stateDir, runDir }: { stateDir: string; runDir: string },
  { id, network }: Pick<ContainerRow, "id" | "network">,
): ContainerPaths {
  const root = `${stateDir}/containers/${id}`;
  const mode = parseNetworkMode(network);
  const files = mode.kind === "container" ? `${stateDir}/containers/${mode.id}` : root;
  return {
    root,
    upper: `${root}/upper`,
    work: `${root}/work`,
    rootfs: `${root}/rootfs`,
    hosts: `${files}/hosts`,
    hostname: `${files}/hostname`,
    resolvConf: `${files}/resolv.conf`,
    log: `${root}/output.log`,
    streams: `${runDir}/streams/${id}`,
  };
}

/** Make a container's directories. @throws {NetdError} STATE_WRITE_FAILED */
export function createContainerDir(paths: ContainerPaths): void {
  guardWrites(paths, () => {
    mkdirSync(paths.root, { mode: 0o710 });
    for (const path of [paths.upper, paths.work, paths.rootfs]) mkdirSync(path);
  });
}

/** Write below a container's directory. @throws {NetdError} STATE_WRITE_FAILED for whatever `write` throws */
export function guardWrites(paths: ContainerPaths, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new NetdError(
      "STATE_WRITE_FAILED",
      `Cannot write the files of a container in '${paths.root}': ${text}, a writable directory wanted`,
      { remedy: "Make room on the file system of the state directory (df -h) and check that it is writable", cause },
    );
  }
}

/** Remove everything of a container from the disk; does nothing for what is gone. */
export function deleteContainerDir(paths: ContainerPaths): void {
  rmSync(paths.root, { recursive: true, force: true });
  rmSync(paths.streams, { recursive: true, force: true });
}
