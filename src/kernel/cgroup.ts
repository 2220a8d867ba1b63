/**
 * Cgroups of version 1 and version 2 (cgroups(7)): made, limited, listed, killed and removed by one path below each root.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { NetdError } from "../errors.ts";
import { attachDeviceProgram } from "./cgroup-device-program.ts";
import { type CgroupLayout, readCgroupLayout } from "./cgroup-layout.ts";
import { type CgroupSetting, formatCgroupDevices, formatCgroupLimits } from "./cgroup-settings.ts";
import { KernelError } from "./errno.ts";
import { fsCall } from "./fs-call.ts";
import { kill } from "./libc.ts";
import type { CgroupDeviceRule, CgroupLimits } from "./network-steps.ts";
import { type WaitSyncOptions, waitSync } from "./wait-sync.ts";

const SIGKILL = 9;
const DIR_MODE = 0o755;
const EBUSY = 16;
/** How long {@link Cgroups.remove} waits for killed processes to leave. */
const REMOVE_WAIT: WaitSyncOptions = { limitMs: 2000, everyMs: 1 };
/** What devices.list says while nothing was denied. */
const ALL_DEVICES = "a *:* rwm";

/** The cgroups of this host. Every path is below the root of each hierarchy: `/netd/x/ID`. */
export class Cgroups {
  readonly layout: CgroupLayout;

  /** `layout` is found out when left away. */
  constructor(layout: CgroupLayout = readCgroupLayout()) {
    this.layout = layout;
  }

  /** The directories of a cgroup, one in each hierarchy. @throws {NetdError} API_REQUEST_INVALID */
  directories(path: string): string[] {
    checkPath(path);
    const { v1, unified } = this.layout;
    const mountPoints = new Set([...Object.values(v1), ...(unified === undefined ? [] : [unified])]);
    return [...mountPoints].map((mountPoint) => `${mountPoint}${path}`);
  }

  /**
   * The files into which a process of one thread writes `0` to join, one in each hierarchy. In version 1 a thread that moves only itself waits
   * for nobody, which a process does (see cgroup-layout.ts); version 2 moves processes only.
   */
  joinFiles(path: string): string[] {
    const file = this.layout.version === "v2" ? "cgroup.procs" : "tasks";
    return this.directories(path).map((directory) => `${directory}/${file}`);
  }

  /** Whether any hierarchy has the cgroup. */
  has(path: string): boolean {
    return this.directories(path).some((directory) => existsSync(directory));
  }

  /** Make a cgroup and its parents; one that exists is kept. */
  create(path: string): void {
    if (this.layout.version === "v2") this.#enableControllers(path);
    for (const directory of this.directories(path)) {
      fsCall(`make cgroup ${directory}`, () => mkdirSync(directory, { recursive: true, mode: DIR_MODE }));
    }
  }

  /** Set limits. @throws {NetdError} KERNEL_FEATURE_MISSING when the controller of one is not mounted */
  limit(path: string, limits: CgroupLimits): void {
    for (const setting of formatCgroupLimits(limits, this.layout)) writeSetting(path, setting);
  }

  /** Allow and deny devices, once: a cgroup that denies something already, and whose children are held to that, is left alone. */
  restrictDevices(path: string, rules: readonly CgroupDeviceRule[]): void {
    const { v1, unified } = this.layout;
    if (v1.devices !== undefined) {
      if (readFileSync(`${v1.devices}${path}/devices.list`, "utf8").trim() !== ALL_DEVICES) return;
      for (const setting of formatCgroupDevices(rules, this.layout)) writeSetting(path, setting);
    } else if (unified !== undefined) {
      attachDeviceProgram(`${unified}${path}`, rules);
    }
  }

  /** Move a process into a cgroup. @throws {KernelError} ESRCH when there is no such process */
  add(path: string, pid: number): void {
    for (const directory of this.directories(path)) {
      const file = `${directory}/cgroup.procs`;
      fsCall(`move process ${pid} to ${file}`, () => writeFileSync(file, String(pid)));
    }
  }

  /** Processes of a cgroup and of all below it. */
  pids(path: string): number[] {
    const found = new Set<number>();
    for (const root of this.directories(path)) {
      for (const directory of [root, ...directoriesBelow(root)]) for (const pid of readPids(directory)) found.add(pid);
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Send SIGKILL to all processes of a cgroup and of all below it; they may be gone only a moment later. */
  kill(path: string): void {
    const { unified, v1 } = this.layout;
    const killFile = `${unified}${path}/cgroup.kill`;
    if (unified !== undefined && existsSync(killFile)) fsCall(`write ${killFile}`, () => writeFileSync(killFile, "1"));
    const rest = this.pids(path);
    if (rest.length === 0) return;
    // Frozen, they can't fork away from under the list.
    const freezer = v1.freezer === undefined ? undefined : `${v1.freezer}${path}/freezer.state`;
    const canFreeze = freezer !== undefined && existsSync(freezer);
    if (canFreeze) writeFileSync(freezer, "FROZEN");
    for (const pid of this.pids(path)) kill(pid, SIGKILL);
    if (canFreeze) writeFileSync(freezer, "THAWED");
  }

  /**
   * Kill what runs in a cgroup and remove it with all below it, waiting up to 2 s for the processes to go. Nothing when there is none.
   *
   * @throws {KernelError} EBUSY when a process does not go
   */
  remove(path: string): void {
    if (waitSync(() => this.#tryRemove(path), REMOVE_WAIT)) return;
    throw new KernelError(`remove cgroup ${path}`, EBUSY, `processes ${this.pids(path).join(", ")} stay`);
  }

  #tryRemove(path: string): boolean {
    if (this.has(path)) this.kill(path);
    return this.directories(path)
      .flatMap((directory) => [...directoriesBelow(directory).reverse(), directory])
      .map(removeDirectory)
      .every((isRemoved) => isRemoved);
  }

  /** Version 2 hands a controller down only where the parent's cgroup.subtree_control names it. */
  #enableControllers(path: string): void {
    let directory = this.layout.unified ?? "";
    for (const part of path.split("/").slice(1)) {
      const available = readFileSync(`${directory}/cgroup.controllers`, "utf8").trim().split(" ");
      for (const controller of ["memory", "cpu", "pids"].filter((name) => available.includes(name))) {
        fsCall(`enable controller ${controller} below ${directory}`, () =>
          writeFileSync(`${directory}/cgroup.subtree_control`, `+${controller}`),
        );
      }
      directory += `/${part}`;
      fsCall(`make cgroup ${directory}`, () => mkdirSync(directory, { recursive: true, mode: DIR_MODE }));
    }
  }
}

/** @throws {NetdError} API_REQUEST_INVALID when a part is empty or relative, or it is the root */
function checkPath(path: string): void {
  if (/^(\/[A-Za-z0-9_@:-][A-Za-z0-9_.@:-]*)+$/.test(path)) return;
  throw new NetdError(
    "API_REQUEST_INVALID",
    `Cannot use '${path}' as a cgroup: an absolute path of plain names wanted`,
    {
      remedy: "Give a path like /netd/web-1",
    },
  );
}

function writeSetting(path: string, { controller, mountPoint, file, text, isOptional }: CgroupSetting): void {
  const target = `${mountPoint}${path}/${file}`;
  if (mountPoint === "" || !existsSync(target)) {
    if (isOptional) return;
    throw new NetdError(
      "KERNEL_FEATURE_MISSING",
      `Cannot limit cgroup ${path}: controller '${controller}' has no ${file} here`,
      {
        remedy: `Leave the limit out, or mount the cgroup controller '${controller}'`,
      },
    );
  }
  fsCall(`write '${text}' to ${target}`, () => writeFileSync(target, text));
}

/** Processes of pid namespaces that we can't see are listed as 0, which kill(2) would take for our own process group. */
function readPids(directory: string): number[] {
  try {
    return readFileSync(`${directory}/cgroup.procs`, "utf8")
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** All directories below one, parents first. */
function directoriesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [`${directory}/${name}`, ...directoriesBelow(`${directory}/${name}`)]);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Remove a directory; false while a process in it has not gone yet. */
function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    if (code === "EBUSY") return false;
    throw new KernelError(`rmdir(${directory})`, -errno);
  }
}

/** A cgroup that goes while we read it answers ENODEV. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENODEV";
}
