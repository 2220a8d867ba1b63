/**
 * Steps that mount inside the container's root, before the process enters it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { close } from "../libc.ts";
import { shellCommand, shellQuote } from "../shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { S_IFCHR, S_IFDIR, statusOf } from "./file-status.ts";
import {
  attachMount,
  cloneMount,
  createFilesystem,
  type MountFlag,
  type MountPropagation,
  setMountFlags,
  setMountPropagation,
} from "./mount-attributes.ts";
import { AT_FDCWD } from "./open-flags.ts";
import { findMountPoint, openMountPoint, requireKind } from "./root-path.ts";

/** Mount a new file system: proc, sysfs, tmpfs, devpts, mqueue, cgroup, cgroup2. */
export interface MountFilesystemStep {
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
}

/** Mount a file or directory of the host. */
export interface MountBindStep {
  op: "mount.bind";
  source: string;
  root: string;
  target: string;
  isRecursive: boolean;
  flags: MountFlag[];
  propagation?: MountPropagation;
}

/** Set flags of what is already mounted on `target`. */
export interface MountFlagsStep {
  op: "mount.flags";
  root: string;
  target: string;
  flags: MountFlag[];
}

/** Hide a path: a file behind /dev/null, a directory behind an empty read-only one. Nothing there: nothing done. */
export interface PathMaskStep {
  op: "path.mask";
  root: string;
  path: string;
}

/** Forbid writing to a path and all below it. Nothing there: nothing done. */
export interface PathReadonlyStep {
  op: "path.readonly";
  root: string;
  path: string;
}

const ENOENT = 2;

/** Carries out {@link MountFilesystemStep}. */
export const mountFilesystem: ProcessStepDefinition<MountFilesystemStep> = {
  walk({ type, source, target, flags, data }, { rootFd }) {
    const targetFd = openMountPoint(rootFd, target, "directory");
    requireKind(targetFd, target, "directory");
    const mountFd = createFilesystem(type, source, data, flags);
    attachMount(mountFd, targetFd, target);
    close(mountFd);
    close(targetFd);
  },
  toShell({ type, source, root, target, flags, data }) {
    const options = [...flags, ...data].join(",");
    const words = ["mount", "-t", type, ...(options === "" ? [] : ["-o", options]), source, root + target];
    return [`mkdir -p ${shellQuote(root + target)}`, shellCommand(...words)];
  },
};

/** Carries out {@link MountBindStep}. */
export const mountBind: ProcessStepDefinition<MountBindStep> = {
  walk({ source, target, isRecursive, flags, propagation }, { rootFd }) {
    const mountFd = cloneSource(source, isRecursive);
    const kind = statusOf(mountFd).type === S_IFDIR ? "directory" : "file";
    const targetFd = openMountPoint(rootFd, target, kind);
    requireKind(targetFd, target, kind);
    setMountFlags(mountFd, flags, isRecursive);
    attachMount(mountFd, targetFd, target);
    if (propagation !== undefined) setMountPropagation(mountFd, propagation, isRecursive);
    close(mountFd);
    close(targetFd);
  },
  toShell({ source, root, target, isRecursive, flags, propagation }) {
    const at = shellQuote(root + target);
    const from = shellQuote(source);
    return [
      `[ -d ${from} ] && mkdir -p ${at} || { mkdir -p ${shellQuote(parentOf(root + target))}; touch ${at}; }`,
      `mount ${isRecursive ? "--rbind" : "--bind"} ${from} ${at}`,
      ...(flags.length === 0 ? [] : [`mount -o remount,bind,${flags.join(",")} ${at}`]),
      ...(propagation === undefined ? [] : [`mount --make-${isRecursive ? "r" : ""}${propagation} ${at}`]),
    ];
  },
};

/** Carries out {@link MountFlagsStep}. */
export const mountFlags: ProcessStepDefinition<MountFlagsStep> = {
  walk({ target, flags }, { rootFd }) {
    const fd = openMountPoint(rootFd, target, "directory");
    setMountFlags(fd, flags, false);
    close(fd);
  },
  toShell: ({ root, target, flags }) => [`mount -o remount,bind,${flags.join(",")} ${shellQuote(root + target)}`],
};

/** Carries out {@link PathMaskStep}. */
export const pathMask: ProcessStepDefinition<PathMaskStep> = {
  walk({ path }, { rootFd }) {
    const targetFd = findMountPoint(rootFd, path);
    if (targetFd < 0) return;
    const isDirectory = statusOf(targetFd).type === S_IFDIR;
    const mountFd = isDirectory ? createFilesystem("tmpfs", "tmpfs", ["size=0", "mode=555"], ["ro"]) : cloneNull();
    attachMount(mountFd, targetFd, path);
    close(mountFd);
    close(targetFd);
  },
  toShell({ root, path }) {
    const at = shellQuote(root + path);
    return [
      `if [ -d ${at} ]; then mount -t tmpfs -o ro tmpfs ${at}; elif [ -e ${at} ]; then mount --bind /dev/null ${at}; fi`,
    ];
  },
};

/** Carries out {@link PathReadonlyStep}. */
export const pathReadonly: ProcessStepDefinition<PathReadonlyStep> = {
  walk({ path }, { rootFd }) {
    const targetFd = findMountPoint(rootFd, path);
    if (targetFd < 0) return;
    const mountFd = cloneMount(targetFd, "", true);
    setMountFlags(mountFd, ["ro"], true);
    attachMount(mountFd, targetFd, path);
    close(mountFd);
    close(targetFd);
  },
  toShell({ root, path }) {
    const at = shellQuote(root + path);
    return [`if [ -e ${at} ]; then mount --rbind ${at} ${at}; mount -o remount,bind,ro ${at}; fi`];
  },
};

/** Copy the mount of the host's /dev/null, after a look that it is the real one. */
function cloneNull(): number {
  const mountFd = cloneMount(AT_FDCWD, "/dev/null", false);
  const { type, deviceMajor, deviceMinor } = statusOf(mountFd);
  if (type !== S_IFCHR || deviceMajor !== 1 || deviceMinor !== 3) {
    throw new NetdError(
      "LAUNCH_FAILED",
      "Cannot mask a path: the host's /dev/null is not the null device (character 1:3)",
      {
        remedy: "Make it again with 'rm /dev/null; mknod -m 666 /dev/null c 1 3'",
      },
    );
  }
  return mountFd;
}

function cloneSource(source: string, isRecursive: boolean): number {
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
