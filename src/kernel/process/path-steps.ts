/**
 * Steps that hide paths inside the container's root, or forbid writing to them.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { close } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition, WalkState } from "./define-step.ts";
import { S_IFCHR, S_IFDIR, statusOf } from "./file-status.ts";
import { attachMount, changeTreeFlags, cloneMount, createFilesystem } from "./mount-attributes.ts";
import { AT_FDCWD } from "./open-flags.ts";
import { findMountPoint } from "./root-path.ts";

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

/** Carries out {@link PathMaskStep}. */
export const pathMask: ProcessStepDefinition<PathMaskStep> = {
  walk({ path }, state) {
    const targetFd = findProtected(state, path);
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
  walk({ path }, state) {
    const targetFd = findProtected(state, path);
    if (targetFd < 0) return;
    const mountFd = cloneMount(targetFd, "", true);
    changeTreeFlags(mountFd, { set: ["ro"], clear: [] });
    attachMount(mountFd, targetFd, path);
    close(mountFd);
    close(targetFd);
  },
  toShell({ root, path }) {
    const at = shellQuote(root + path);
    return [`if [ -e ${at} ]; then mount --rbind ${at} ${at}; mount -o remount,bind,ro ${at}; fi`];
  },
};

/**
 * Find the file to hide or protect. Below /proc and /sys it is looked up in the file system that was mounted there: another container with
 * the same root directory could have renamed the mount point since, and put an imitation in its place (CVE-2019-19921).
 */
function findProtected({ rootFd, kernelMounts }: WalkState, path: string): number {
  for (const [target, fd] of kernelMounts) {
    if (path.startsWith(`${target}/`)) return findMountPoint(fd, path.slice(target.length));
  }
  return findMountPoint(rootFd, path);
}

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
