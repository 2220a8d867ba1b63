/**
 * Cgroups of version 1 and version 2 (cgroups(7)): made, limited, listed, killed and removed by one path below each root.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { fsCall } from "../fs-call.ts";
import { kill } from "../libc.ts";
import { type WaitSyncOptions, waitSync } from "../wait-sync.ts";
import { fillCpuset } from "./cpuset.ts";
import { attachDeviceProgram } from "./device-program.ts";
import { CGROUP_CONTROLLERS, type CgroupController, type CgroupLayout, readCgroupLayout } from "./layout.ts";
import { BASE_CONTROLLERS, type CgroupResources, extraControllers } from "./resources.ts";
import { formatCgroupSettings } from "./settings.ts";
import { enableControllers } from "./subtree-control.ts";
import { inUse, writeSettings } from "./write-settings.ts";

const SIGKILL = 9;
const DIR_MODE = 0o755;
const EBUSY = 16;
/** How long {@link Cgroups.remove} waits for killed processes to leave. */
const REMOVE_WAIT: WaitSyncOptions = { limitMs: 2000, everyMs: 1 };
/** Tries of {@link Cgroups.remove} after which what still runs is frozen before it is killed: it may fork faster than we kill. */
const PATIENCE = 20;

/** What devices.list says while nothing was denied. */
const ALL_DEVICES = "a *:* rwm";

/** The cgroups of this host. Every path is below the root of each hierarchy: `/netd/x/ID`. */
export class Cgroups {
  readonly layout: CgroupLayout;
  #hasSwapAccounting: boolean | undefined;

  /** `layout` is found out when left away. */
  constructor(layout: CgroupLayout = readCgroupLayout()) {
    this.layout = layout;
  }

  /** Whether the kernel can limit swap. */
  get hasSwapAccounting(): boolean {
    const { v1, version } = this.layout;
    this.#hasSwapAccounting ??= existsSync(
      version === "v2" ? "/proc/swaps" : `${v1.memory}/memory.memsw.limit_in_bytes`,
    );
    return this.#hasSwapAccounting;
  }

  /**
   * The directories of a cgroup, one in each hierarchy that it is in: by default those of every cgroup, or those of `controllers`.
   *
   * @throws {NetdError} API_REQUEST_INVALID
   */
  directories(path: string, controllers: readonly CgroupController[] = BASE_CONTROLLERS): string[] {
    checkPath(path);
    return this.#mountPoints(controllers).map((mountPoint) => `${mountPoint}${path}`);
  }

  /** The controllers whose hierarchies a cgroup with these resources is in. */
  controllersFor(resources: CgroupResources = {}): CgroupController[] {
    return [...BASE_CONTROLLERS, ...extraControllers(resources)];
  }

  /** The controllers in whose hierarchies a cgroup is there: the base, and what it was given besides. */
  controllersOf(path: string): CgroupController[] {
    const { v1 } = this.layout;
    const bases: readonly string[] = BASE_CONTROLLERS;
    return CGROUP_CONTROLLERS.filter((name) => {
      const mountPoint = v1[name];
      return bases.includes(name) || (mountPoint !== undefined && existsSync(`${mountPoint}${path}`));
    });
  }

  /**
   * The files into which a process of one thread writes `0` to join, one in each hierarchy. In version 1 a thread that moves only itself waits
   * for nobody, which a process does (see layout.ts); version 2 moves processes only.
   */
  joinFiles(path: string, controllers?: readonly CgroupController[]): string[] {
    const file = this.layout.version === "v2" ? "cgroup.procs" : "tasks";
    return this.directories(path, controllers).map((directory) => `${directory}/${file}`);
  }

  /** Whether any hierarchy has the cgroup. */
  has(path: string): boolean {
    return this.directories(path, CGROUP_CONTROLLERS).some((directory) => existsSync(directory));
  }

  /** Make a cgroup and its parents; one that exists is kept. True: it is new. */
  create(path: string, controllers: readonly CgroupController[] = BASE_CONTROLLERS): boolean {
    checkPath(path);
    if (this.layout.version === "v2") enableControllers(this.layout.unified ?? "", path, controllers);
    const isNew = this.directories(path, controllers).map(makeDirectory);
    const { cpuset } = this.layout.v1;
    if (cpuset !== undefined && controllers.includes("cpuset")) fillCpuset(cpuset, path);
    return isNew.length > 0 && isNew.every(Boolean);
  }

  /**
   * Set limits, and allow and deny devices. A cgroup that is not new and has rules of devices keeps those: the kernel refuses others once there are
   * cgroups below it.
   *
   * @throws {NetdError} KERNEL_FEATURE_MISSING when a controller of one is not mounted, API_REQUEST_INVALID, LIMIT_IN_USE, KERNEL_CALL_FAILED
   */
  limit(path: string, resources: CgroupResources, isNew = false): void {
    const { devices = [], ...limits } = resources;
    const { version, unified } = this.layout;
    this.#checkUsage(path, resources);
    if (version === "v2" && devices.length > 0) attachDeviceProgram(`${unified}${path}`, devices);
    const hasOwnRules = devices.length > 0 && (isNew || !this.#isRestricted(path));
    writeSettings(path, formatCgroupSettings(hasOwnRules ? resources : limits, this.layout));
  }

  /** Set limits of a cgroup that has processes: they are moved into the hierarchies that the new limits need. @throws as {@link limit} */
  update(path: string, resources: CgroupResources): void {
    this.extend(path, extraControllers(resources));
    this.limit(path, resources);
  }

  /** Have a cgroup, with the processes in it, in further hierarchies. Does nothing for those that it is in, or that are not mounted. */
  extend(path: string, controllers: readonly CgroupController[]): void {
    if (this.layout.version === "v2") {
      enableControllers(this.layout.unified ?? "", path, [...BASE_CONTROLLERS, ...controllers]);
      return;
    }
    const known = new Set(this.directories(path));
    const further = this.directories(path, controllers).filter((directory) => !known.has(directory));
    if (further.every((directory) => existsSync(directory))) return;
    this.create(path, controllers);
    for (const directory of further) this.#moveInto(directory, path);
  }

  /** Move a process into a cgroup. @throws {KernelError} ESRCH when there is no such process */
  add(path: string, pid: number): void {
    for (const directory of this.directories(path)) {
      const file = `${directory}/cgroup.procs`;
      fsCall(`move process ${pid} to ${file}`, () => writeFileSync(file, String(pid)));
    }
  }

  /** Processes of a cgroup and of all below it. */
  pids(path: string, controllers: readonly CgroupController[] = CGROUP_CONTROLLERS): number[] {
    const found = new Set<number>();
    for (const root of this.directories(path, controllers)) {
      for (const directory of [root, ...directoriesBelow(root)]) for (const pid of readPids(directory)) found.add(pid);
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Send SIGKILL to all processes of a cgroup and of all below it, paused ones as well; they may be gone only a moment later. */
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
    const directories = this.directories(path, CGROUP_CONTROLLERS);
    // Mostly all have gone, and nobody made a cgroup below.
    let left = directories.filter((directory) => !removeDirectory(directory));
    let tries = 0;
    const isDone = (): boolean => {
      if (left.length === 0) return true;
      if (++tries === PATIENCE && this.layout.v1.freezer !== undefined) {
        this.extend(path, ["freezer"]);
        left = directories;
      }
      this.kill(path);
      left = left.filter((directory) => !removeTree(directory));
      return left.length === 0;
    };
    if (waitSync(isDone, REMOVE_WAIT)) return;
    throw new KernelError(`remove cgroup ${path}`, EBUSY, `processes ${this.pids(path).join(", ")} stay`);
  }

  /** Version 1 hierarchies may share a mount point; version 2 is one for all. */
  #mountPoints(controllers: readonly CgroupController[]): string[] {
    const { v1, unified, version } = this.layout;
    if (version === "v2") return [unified ?? ""];
    return [...new Set(controllers.flatMap((name) => v1[name] ?? []))];
  }

  /** Move all processes of a cgroup into one more directory; what they fork meanwhile is found in the next round. */
  #moveInto(directory: string, path: string): void {
    for (;;) {
      const inside = new Set(readPids(directory));
      const outside = this.pids(path, BASE_CONTROLLERS).filter((pid) => !inside.has(pid));
      const moved = outside.filter((pid) => movePid(directory, pid));
      if (moved.length === 0) return;
    }
  }

  #isRestricted(path: string): boolean {
    const { devices } = this.layout.v1;
    return devices !== undefined && readFileSync(`${devices}${path}/devices.list`, "utf8").trim() !== ALL_DEVICES;
  }

  #checkUsage(path: string, { memory }: CgroupResources): void {
    const { unified, version } = this.layout;
    const limit = memory?.limit ?? 0;
    // Version 1 refuses such a limit itself.
    if (memory?.checkBeforeUpdate !== true || limit <= 0 || version !== "v2") return;
    const used = Number(readFileSync(`${unified}${path}/memory.current`, "utf8"));
    if (used > limit) throw inUse(path, String(limit), String(used));
  }
}

/** @throws {NetdError} API_REQUEST_INVALID when a part is empty or relative, or it is the root */
function checkPath(path: string): void {
  if (/^(\/(?!\.{1,2}(\/|$))[^/\0\n]{1,255})+$/.test(path)) return;
  throw new NetdError(
    "API_REQUEST_INVALID",
    `Cannot use '${path}' as a cgroup: an absolute path of plain names wanted`,
    {
      remedy: "Give a path like /netd/web-1",
    },
  );
}

/** Make a directory, with its parents if need be. True: it is new. */
function makeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, DIR_MODE);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
  }
  fsCall(`make cgroup ${directory}`, () => mkdirSync(directory, { recursive: true, mode: DIR_MODE }));
  return true;
}

/** False: it is gone, or the kernel is about to let it go. */
function movePid(directory: string, pid: number): boolean {
  try {
    writeFileSync(`${directory}/cgroup.procs`, String(pid));
    return true;
  } catch (error) {
    if (["ESRCH", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw new KernelError(`move process ${pid} to ${directory}`, -((error as NodeJS.ErrnoException).errno ?? 0));
  }
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

/** Remove a directory and all below it; false while a process in one has not gone yet. */
function removeTree(directory: string): boolean {
  return [...directoriesBelow(directory).reverse(), directory].map(removeDirectory).every(Boolean);
}

/** Remove a directory; false while something in it has not gone yet. */
function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw new KernelError(`rmdir(${directory})`, -errno);
  }
}

/** A cgroup that goes while we read it answers ENODEV. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENODEV";
}
