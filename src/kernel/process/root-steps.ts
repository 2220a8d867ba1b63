/**
 * Steps that make the container's root directory and enter it.
 *
 * Source: pivot_root(2), Documentation/filesystems/overlayfs.rst.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { check, KernelError } from "../errno.ts";
import { chdir, chroot, close, fchdir, lastErrno, mount, open, pivotRoot, umount2 } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { statusOf } from "./file-status.ts";
import {
  addMountFlags,
  attachMount,
  cloneMount,
  createFilesystem,
  type MountPropagation,
  MS_PROPAGATION,
  setMountPropagation,
} from "./mount-attributes.ts";
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from "./open-flags.ts";

/** Change how the mounts of this namespace are shared with the host's. */
export interface MountPropagationStep {
  op: "mount.propagation";
  propagation: MountPropagation;
  /** The mount that holds this directory becomes private, so that what is mounted there is not seen on the host. */
  hiddenPath?: string;
}

/** Mount image layers and a writable directory on `target`, which becomes the root. */
export interface RootOverlayStep {
  op: "root.overlay";
  target: string;
  /** Uppermost first. */
  lower: string[];
  upper: string;
  work: string;
}

/** Mount the directory `path` on itself; it becomes the root. */
export interface RootBindStep {
  op: "root.bind";
  path: string;
}

/** Use the root directory that the process already has. */
export interface RootCurrentStep {
  op: "root.current";
}

/** Use the root directory of a running process; the host's /proc is asked, so before the namespaces change. */
export interface RootFindStep {
  op: "root.find";
  pid: number;
}

/** Forbid writing to the root file system; mounts on it keep their own flags. */
export interface RootReadonlyStep {
  op: "root.readonly";
  path: string;
}

/** Make the root directory the process's own and detach the old one. */
export interface RootPivotStep {
  op: "root.pivot";
  path: string;
  /** The old root is shared with the host, which must not hear of the detaching. */
  isShared?: boolean;
}

/** Put the root directory on the host's where pivot_root can't: on the kernel's first file system, as of an initramfs. */
export interface RootMoveStep {
  op: "root.move";
  path: string;
}

/** Make the container's root directory the process's own, and leave the mounts as they are. */
export interface RootEnterStep {
  op: "root.enter";
  /** Where it is; absent when it is the working directory already. */
  path?: string;
}

/** Change how the container's root is shared, once it is entered. */
export interface RootPropagationStep {
  op: "root.propagation";
  propagation: MountPropagation;
}

const EPERM = 1;
const MNT_DETACH = 2;
/** fsconfig takes values of at most 255 bytes (fs/fsopen.c). */
const FSCONFIG_VALUE_MAX = 255;
const EINVAL = 22;

/** Carries out {@link MountPropagationStep}. */
export const mountPropagation: ProcessStepDefinition<MountPropagationStep> = {
  walk({ propagation, hiddenPath }) {
    check(mount(null, "/", null, MS_PROPAGATION[propagation], null), () => `mount(/, ${propagation})`);
    if (hiddenPath === undefined) return;
    const holder = openHolder(hiddenPath);
    setMountPropagation(holder, "private");
    close(holder);
  },
  toShell: ({ propagation, hiddenPath }) => [
    `mount --make-${propagation} /`,
    ...(hiddenPath === undefined
      ? []
      : [`mount --make-private "$(findmnt --noheadings --output TARGET --target ${shellQuote(hiddenPath)})"`]),
  ],
};

/** Carries out {@link RootOverlayStep}. */
export const rootOverlay: ProcessStepDefinition<RootOverlayStep> = {
  walk(step, state) {
    if (!attachOverlay(step)) mountOverlayByOptions(step);
    state.rootFd = openRoot(step.target);
  },
  toShell: (step) => [`mount -t overlay -o ${shellQuote(overlayOptions(step))} overlay ${shellQuote(step.target)}`],
};

/** Carries out {@link RootBindStep}. */
export const rootBind: ProcessStepDefinition<RootBindStep> = {
  walk({ path }, state) {
    const targetFd = openRoot(path);
    const mountFd = cloneMount(targetFd, "", true);
    attachMount(mountFd, targetFd, path);
    close(mountFd);
    close(targetFd);
    state.rootFd = openRoot(path);
  },
  toShell: ({ path }) => [`mount --rbind ${shellQuote(path)} ${shellQuote(path)}`],
};

/** Carries out {@link RootCurrentStep}. */
export const rootCurrent: ProcessStepDefinition<RootCurrentStep> = {
  walk(_step, state) {
    state.rootFd = openRoot("/");
  },
  toShell: () => [],
};

/** Carries out {@link RootFindStep}. */
export const rootFind: ProcessStepDefinition<RootFindStep> = {
  walk({ pid }, state) {
    state.rootFd = openRoot(`/proc/${pid}/root`);
  },
  toShell: ({ pid }) => [`cd /proc/${pid}/root`],
};

/** Carries out {@link RootReadonlyStep}. */
export const rootReadonly: ProcessStepDefinition<RootReadonlyStep> = {
  walk(_step, state) {
    addMountFlags(state.rootFd, ["ro"]);
  },
  toShell: ({ path }) => [`mount -o remount,bind,ro ${shellQuote(path)}`],
};

/**
 * Carries out {@link RootPivotStep}. The old root is stacked on the new one and then detached, so that no directory for it is needed
 * (pivot_root(2), NOTES).
 */
export const rootPivot: ProcessStepDefinition<RootPivotStep> = {
  walk({ isShared }, state) {
    const oldRoot = isShared === true ? openRoot("/") : -1;
    check(fchdir(state.rootFd), () => "fchdir(root file system)");
    check(pivotRoot(".", "."), () => "pivot_root(., .)");
    if (oldRoot >= 0) {
      setMountPropagation(oldRoot, "rslave");
      close(oldRoot);
    }
    check(umount2(".", MNT_DETACH), () => "umount2(old root, MNT_DETACH)");
    check(chdir("/"), () => "chdir(/)");
  },
  toShell: ({ path, isShared }) => [
    `cd ${shellQuote(path)}`,
    "pivot_root . .",
    ...(isShared === true ? ["mount --make-rslave ."] : []),
    "umount -l .",
  ],
};

/**
 * Carries out {@link RootMoveStep}. What lies below the new root can be reached again by who has CAP_SYS_CHROOT, so that proc and sysfs of the
 * host are taken away first.
 */
export const rootMove: ProcessStepDefinition<RootMoveStep> = {
  walk({ path }, state) {
    for (const mountPoint of findKernelMounts(readFileSync("/proc/self/mountinfo", "utf8"), path)) {
      if (umount2(mountPoint, MNT_DETACH) === 0) continue;
      if (lastErrno() !== EPERM && lastErrno() !== EINVAL) throw new KernelError(`umount2(${mountPoint})`, lastErrno());
      check(mount("tmpfs", mountPoint, "tmpfs", 0, null), () => `mount(tmpfs, ${mountPoint})`);
    }
    const hostRoot = openRoot("/");
    check(fchdir(state.rootFd), () => "fchdir(root file system)");
    attachMount(state.rootFd, hostRoot, "/");
    close(hostRoot);
  },
  toShell: ({ path }) => [
    "findmnt --noheadings --list --types proc,sysfs --output TARGET | tac | xargs -n 1 umount -l",
    `cd ${shellQuote(path)}`,
    "mount --move . /",
  ],
};

/** Carries out {@link RootEnterStep}. */
export const rootEnter: ProcessStepDefinition<RootEnterStep> = {
  wraps: true,
  walk(_step, { rootFd }) {
    check(fchdir(rootFd), () => "fchdir(root file system)");
    check(chroot("."), () => "chroot(.)");
    check(chdir("/"), () => "chdir(/)");
  },
  toShell: ({ path = "." }) => [`chroot ${shellQuote(path)}`],
};

/** Carries out {@link RootPropagationStep}. */
export const rootPropagation: ProcessStepDefinition<RootPropagationStep> = {
  walk({ propagation }, { rootFd }) {
    setMountPropagation(rootFd, propagation);
  },
  toShell: ({ propagation }) => [`mount --make-${propagation} /`],
};

/** Take away the uppermost mount at a path with all below it; it ends when nobody uses it any more. */
export function detachMount(path: string): void {
  check(umount2(path, MNT_DETACH), () => `umount2(${path}, MNT_DETACH)`);
}

/** Find where proc and sysfs are mounted whole, outside of `root`, the last one first. */
export function findKernelMounts(mountinfo: string, root: string): string[] {
  const found: string[] = [];
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , inside, point = ""] = left.split(" ");
    const mountPoint = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (!/^(proc|sysfs) /.test(right) || inside !== "/" || `${mountPoint}/`.startsWith(`${root}/`)) continue;
    found.unshift(mountPoint);
  }
  return found;
}

/** Open the mount point of the mount that holds a directory: the nearest one above it that a mount begins at. */
function openHolder(path: string): number {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf("/"), 0))) {
    const fd = openRoot(at === "" ? "/" : at);
    if (at === "" || statusOf(fd).isMountRoot) return fd;
    close(fd);
  }
}

/** Mount through fsopen, one layer an option. False: this kernel (before 6.8) or these paths want the old call. */
function attachOverlay({ target, lower, upper, work }: RootOverlayStep): boolean {
  if ([...lower, upper, work].some((path) => Buffer.byteLength(path) > FSCONFIG_VALUE_MAX)) return false;
  let mountFd: number;
  try {
    const layers = lower.map((path) => `lowerdir+=${path}`);
    mountFd = createFilesystem("overlay", "overlay", [...layers, `upperdir=${upper}`, `workdir=${work}`], []);
  } catch (error) {
    if (error instanceof KernelError && error.errno === EINVAL) return false;
    throw error;
  }
  const targetFd = openRoot(target);
  attachMount(mountFd, targetFd, target);
  close(targetFd);
  close(mountFd);
  return true;
}

function mountOverlayByOptions(step: RootOverlayStep): void {
  const options = overlayOptions(step);
  if (mount("overlay", step.target, "overlay", 0, options) < 0) {
    throw new KernelError(`mount -t overlay -o ${options} overlay ${step.target}`, lastErrno());
  }
}

function overlayOptions({ lower, upper, work }: RootOverlayStep): string {
  const layers = lower.map((path) => escapeOption(path).replaceAll(":", "\\:")).join(":");
  return `lowerdir=${layers},upperdir=${escapeOption(upper)},workdir=${escapeOption(work)}`;
}

/** Commas end an option and backslashes escape. */
function escapeOption(path: string): string {
  return path.replace(/[\\,]/g, "\\$&");
}

function openRoot(path: string): number {
  return check(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), () => `open(${path})`);
}
