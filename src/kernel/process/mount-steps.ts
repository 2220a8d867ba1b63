/**
 * Steps that mount inside the container's root, before the process enters it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import { close, fchmodat, mount } from "../libc.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import { copyTree } from "./copy-tree.ts";
import type { ProcessStepDefinition, WalkState } from "./define-step.ts";
import { S_IFDIR, statusOf } from "./file-status.ts";
import {
  attachMount,
  changeTreeFlags,
  cloneMount,
  createFilesystem,
  type MountFlag,
  type MountFlagChange,
  type MountPropagation,
  replaceMountFlags,
  setMountPropagation,
} from "./mount-attributes.ts";
import { isOldCallNeeded, mountFlagBits, type OldMountFlag } from "./mount-old-call.ts";
import { AT_FDCWD } from "./open-flags.ts";
import { sendReport } from "./report.ts";
import { findMountPoint, openMountPoint, requireKind } from "./root-path.ts";

/** What is done to a mount once it is there. */
export interface MountFinish {
  /** Flags of it and of all below it. */
  tree?: MountFlagChange;
  /** In this order. */
  propagation?: MountPropagation[];
}

/** Mount a new file system: proc, sysfs, tmpfs, devpts, mqueue, cgroup, cgroup2. */
export interface MountFilesystemStep extends MountFinish {
  op: "mount.filesystem";
  type: string;
  source: string;
  /** Path of the root on the host, for {@link ProcessStepDefinition.toShell} only. */
  root: string;
  /** Absolute path in the container. */
  target: string;
  flags: MountFlag[];
  /** Options of the file system itself: `mode=755`, or a bare flag. */
  data: string[];
  /** Flags that only mount(2) takes. */
  oldFlags?: OldMountFlag[];
  /** Fill it with what the directory under it has. */
  copiesUp?: boolean;
}

/** Mount a file or directory of the host. */
export interface MountBindStep extends MountFinish {
  op: "mount.bind";
  source: string;
  root: string;
  target: string;
  isRecursive: boolean;
  /** What the mount gets instead of the flags that it has; empty: it keeps those. */
  flags: MountFlag[];
  /** Flags that it may not have in the end. */
  cleared?: MountFlag[];
  /** A `mount.clone-mapped` has prepared it. */
  isMapped?: boolean;
}

/** Give what is already mounted on `target` other flags. */
export interface MountFlagsStep extends MountFinish {
  op: "mount.flags";
  root: string;
  target: string;
  flags: MountFlag[];
}

/** Change flags and options of the file system that is already mounted on `target`. */
export interface MountReconfigureStep {
  op: "mount.reconfigure";
  root: string;
  target: string;
  flags: MountFlag[];
  oldFlags: OldMountFlag[];
  data: string[];
}

const EPERM = 1;
const ENOENT = 2;
const MS_REMOUNT = 0x20;

/** Carries out {@link MountFilesystemStep}. */
export const mountFilesystem: ProcessStepDefinition<MountFilesystemStep> = {
  walk(step, state) {
    const { target } = step;
    const found = findMountPoint(state.rootFd, target);
    const targetFd = found >= 0 ? found : openMountPoint(state.rootFd, target, "directory");
    requireKind(targetFd, target, "directory");
    if (isOldCallNeeded(step)) {
      mountByOldCall(step, targetFd);
      const mountFd = openTop(state, target);
      if (found >= 0) keepMode(step, mountFd, targetFd);
      settle(mountFd, step, state);
    } else {
      const mountFd = takeOpened(state, target) ?? openFilesystem(step);
      if (found >= 0) keepMode(step, mountFd, targetFd);
      if (step.copiesUp === true) {
        copyTree(targetFd, mountFd, { onProgress: () => sendReport(state.reportFd, { progress: target }) });
      }
      attachMount(mountFd, targetFd, target);
      settle(mountFd, step, state);
    }
    close(targetFd);
  },
  toShell(step) {
    const { type, source, root, target, flags, data, oldFlags = [], copiesUp } = step;
    const at = shellQuote(root + target);
    const options = [...new Set([...flags, ...oldFlags, ...data])].join(",");
    const words = ["mount", "-t", type, ...(options === "" ? [] : ["-o", options]), source, root + target];
    const mounted = shellCommand(...words);
    return [
      `mkdir -p ${at}`,
      ...(copiesUp === true
        ? ["copy=$(mktemp -d)", `cp -a ${at}/. "$copy"`, mounted, `cp -a "$copy"/. ${at}`, 'rm -r "$copy"']
        : [mounted]),
      ...finishToShell(step, at),
    ];
  },
};

/** Carries out {@link MountBindStep}. */
export const mountBind: ProcessStepDefinition<MountBindStep> = {
  walk(step, state) {
    const { source, target, isRecursive, flags, cleared = [], isMapped } = step;
    const mountFd =
      isMapped === true ? takeMapped(state, target) : (takeOpened(state, target) ?? cloneSource(source, isRecursive));
    const kind = statusOf(mountFd).type === S_IFDIR ? "directory" : "file";
    const targetFd = openMountPoint(state.rootFd, target, kind);
    requireKind(targetFd, target, kind);
    if (flags.length > 0 || cleared.length > 0) replaceMountFlags(mountFd, flags, cleared);
    attachMount(mountFd, targetFd, target);
    settle(mountFd, step, state);
    close(targetFd);
  },
  toShell(step) {
    const { source, root, target, isRecursive, flags, cleared = [], isMapped } = step;
    const at = shellQuote(root + target);
    const from = isMapped === true ? '"$mapped"' : shellQuote(source);
    return [
      `[ -d ${from} ] && mkdir -p ${at} || { mkdir -p ${shellQuote(parentOf(root + target))}; touch ${at}; }`,
      `mount ${isRecursive ? "--rbind" : "--bind"} ${from} ${at}`,
      ...(flags.length === 0 && cleared.length === 0
        ? []
        : [`mount -o ${["remount", "bind", ...cleared.map(inverseOf), ...flags].join(",")} ${at}`]),
      ...finishToShell(step, at),
    ];
  },
};

/** Carries out {@link MountFlagsStep}. */
export const mountFlags: ProcessStepDefinition<MountFlagsStep> = {
  walk(step, state) {
    const fd = openTop(state, step.target);
    replaceMountFlags(fd, step.flags);
    finishMount(fd, step);
    close(fd);
  },
  toShell(step) {
    const at = shellQuote(step.root + step.target);
    return [`mount -o ${["remount", "bind", ...step.flags].join(",")} ${at}`, ...finishToShell(step, at)];
  },
};

/** Carries out {@link MountReconfigureStep}. */
export const mountReconfigure: ProcessStepDefinition<MountReconfigureStep> = {
  walk({ target, flags, oldFlags, data }, state) {
    const fd = openTop(state, target);
    const bits = MS_REMOUNT | mountFlagBits([...flags, ...oldFlags, ...data]);
    check(mount(null, `/proc/self/fd/${fd}`, null, bits, dataOf(data)), () => `mount(${target}, MS_REMOUNT)`);
    close(fd);
  },
  toShell: ({ root, target, flags, oldFlags, data }) => [
    shellCommand("mount", "-o", [...new Set(["remount", ...flags, ...oldFlags, ...data])].join(","), root + target),
  ],
};

/** Make the file system; sysfs of a network namespace that is not ours to mount is the host's, bound. The caller closes the descriptor. */
export function openFilesystem({ type, source, flags, data }: MountFilesystemStep): number {
  try {
    return createFilesystem(type, source, data, flags);
  } catch (error) {
    if (type !== "sysfs" || !(error instanceof KernelError) || error.errno !== EPERM) throw error;
    const mountFd = cloneMount(AT_FDCWD, "/sys", true);
    replaceMountFlags(mountFd, flags);
    return mountFd;
  }
}

function mountByOldCall(step: MountFilesystemStep, targetFd: number): void {
  const { type, source, target, flags, data, oldFlags = [] } = step;
  const bits = mountFlagBits([...flags, ...oldFlags, ...data]);
  const result = mount(source, `/proc/self/fd/${targetFd}`, type, bits, dataOf(data));
  check(result, () => `mount(${source}, ${target}, ${type}, ${dataOf(data) ?? ""})`);
}

/** What of the options goes to the file system itself. */
function dataOf(data: readonly string[]): string | null {
  const own = data.filter((option) => mountFlagBits([option]) === 0 && option !== "rw" && option !== "async");
  return own.length === 0 ? null : own.join(",");
}

/** A tmpfs is like the directory under it, unless told otherwise: /tmp stays open to all. */
function keepMode({ type, data }: MountFilesystemStep, mountFd: number, targetFd: number): void {
  if (type !== "tmpfs" || data.some((option) => option.startsWith("mode="))) return;
  check(fchmodat(mountFd, ".", statusOf(targetFd).mode, 0), () => "chmod(tmpfs)");
}

/** Finish a mount that is in its place, and close it unless it is the new root or one of those that paths are hidden in. */
function settle(mountFd: number, step: MountFinish & { target: string; type?: string }, state: WalkState): void {
  const { target, type } = step;
  const { kernelMounts } = state;
  finishMount(mountFd, step);
  // Hidden by this one.
  for (const [path, fd] of kernelMounts) {
    if (path !== target && !path.startsWith(`${target.replace(/\/+$/, "")}/`)) continue;
    close(fd);
    kernelMounts.delete(path);
  }
  if (/^\/+$/.test(target)) {
    close(state.rootFd);
    state.rootFd = mountFd;
  } else if (type === "proc" || type === "sysfs") kernelMounts.set(target, mountFd);
  else close(mountFd);
}

function finishMount(mountFd: number, { tree, propagation = [] }: MountFinish): void {
  for (const one of propagation) setMountPropagation(mountFd, one);
  if (tree !== undefined) changeTreeFlags(mountFd, tree);
}

function finishToShell({ tree, propagation = [] }: MountFinish, at: string): string[] {
  const words = tree === undefined ? [] : [...tree.clear.map(inverseOf), ...tree.set];
  return [
    ...propagation.map((one) => `mount --make-${one} ${at}`),
    ...(words.length === 0
      ? []
      : [`mount -o ${["remount", "bind", ...words.map((word) => `${word}=recursive`)].join(",")} ${at}`]),
  ];
}

function inverseOf(flag: MountFlag): string {
  return flag === "ro" ? "rw" : flag.startsWith("no") ? flag.slice(2) : `no${flag}`;
}

function takeMapped(state: WalkState, target: string): number {
  const fd = state.mappedMounts?.get(target);
  if (fd !== undefined) return fd;
  throw new NetdError("LAUNCH_FAILED", `Cannot mount on "${target}": no mount with mapped ids was prepared for it`);
}

/** What a `mount.open` of the same target has opened, in their order. */
function takeOpened({ opened }: WalkState, target: string): number | undefined {
  return opened.get(target)?.shift();
}

function openTop({ rootFd }: WalkState, target: string): number {
  const fd = findMountPoint(rootFd, target);
  if (fd >= 0) return fd;
  throw new NetdError("LAUNCH_FAILED", `Cannot change the mount on "${target}": there is nothing, a mount wanted`, {
    remedy: "Mount something on it first, or leave 'remount' out",
  });
}

/** Copy the mount of a path of the host. @throws {NetdError} MOUNT_SOURCE_MISSING */
export function cloneSource(source: string, isRecursive: boolean): number {
  try {
    return cloneMount(AT_FDCWD, source, isRecursive);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
    throw new NetdError("MOUNT_SOURCE_MISSING", `Cannot mount "${source}" into the container: it does not exist`, {
      remedy: `Make it first, for example with 'mkdir -p ${source}'`,
      cause: error,
    });
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}
