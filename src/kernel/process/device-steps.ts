/**
 * Steps that fill /dev and make links.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import { close, fchownat, lastErrno, mknodat, symlinkat, unlinkat } from "../libc.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { S_IFBLK, S_IFCHR, S_IFIFO, statusOf } from "./file-status.ts";
import { attachMount } from "./mount-attributes.ts";
import { cloneSource } from "./mount-steps.ts";
import { AT_SYMLINK_NOFOLLOW } from "./open-flags.ts";
import { openMountPoint, openParent, requireKind } from "./root-path.ts";

/** Make a device node, or bind the host's where that is forbidden. An existing one of that name is replaced. */
export interface DeviceMakeStep {
  op: "device.make";
  root: string;
  path: string;
  type: "c" | "b" | "p";
  major: number;
  minor: number;
  mode: number;
  uid: number;
  gid: number;
}

/** Make a symlink, unless there is something of that name. */
export interface LinkMakeStep {
  op: "link.make";
  root: string;
  path: string;
  target: string;
}

const FILE_TYPE = { c: S_IFCHR, b: S_IFBLK, p: S_IFIFO } as const;
const EPERM = 1;
const EEXIST = 17;

/** Carries out {@link DeviceMakeStep}. */
export const deviceMake: ProcessStepDefinition<DeviceMakeStep> = {
  walk({ path, type, major, minor, mode, uid, gid }, { rootFd }) {
    const { parentFd, name } = openParent(rootFd, path);
    const make = () => mknodat(parentFd, name, FILE_TYPE[type] | mode, deviceNumber(major, minor));
    if (make() < 0) {
      if (lastErrno() === EPERM && type !== "p") {
        close(parentFd);
        bindDevice(rootFd, { path, type, major, minor });
        return;
      }
      if (lastErrno() !== EEXIST) throw new KernelError(`mknod ${path}`, lastErrno());
      check(unlinkat(parentFd, name, 0), () => `unlink(${path})`);
      check(make(), () => `mknod ${path}`);
    }
    // The mode is exact, as there is no umask yet. Never through a symlink that somebody puts there meanwhile.
    if (uid !== 0 || gid !== 0) {
      check(fchownat(parentFd, name, uid, gid, AT_SYMLINK_NOFOLLOW), () => `chown(${path})`);
    }
    close(parentFd);
  },
  toShell({ root, path, type, major, minor, mode, uid, gid }) {
    const numbers = type === "p" ? [] : [String(major), String(minor)];
    return [
      shellCommand("mknod", "-m", mode.toString(8), root + path, type, ...numbers),
      ...(uid !== 0 || gid !== 0 ? [`chown ${uid}:${gid} ${shellQuote(root + path)}`] : []),
    ];
  },
};

/** Carries out {@link LinkMakeStep}. */
export const linkMake: ProcessStepDefinition<LinkMakeStep> = {
  walk({ path, target }, { rootFd }) {
    const { parentFd, name } = openParent(rootFd, path);
    if (symlinkat(target, parentFd, name) < 0 && lastErrno() !== EEXIST) {
      throw new KernelError(`symlink ${path} -> ${target}`, lastErrno());
    }
    close(parentFd);
  },
  toShell: ({ root, path, target }) => [
    `[ -e ${shellQuote(root + path)} ] || ln -s ${shellQuote(target)} ${shellQuote(root + path)}`,
  ],
};

/**
 * Bind the host's node of that name, for who may not make one: a process in a user namespace.
 *
 * @throws {NetdError} LAUNCH_FAILED when the host's is another device, MOUNT_SOURCE_MISSING when it has none
 */
function bindDevice(rootFd: number, wanted: Pick<DeviceMakeStep, "path" | "type" | "major" | "minor">): void {
  const { path, type, major, minor } = wanted;
  const mountFd = cloneSource(path, false);
  const found = statusOf(mountFd);
  if (found.type !== FILE_TYPE[type] || found.deviceMajor !== major || found.deviceMinor !== minor) {
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot make the device "${path}": nodes can't be made in a user namespace, and the host's is not ${type} ${major}:${minor}`,
      { remedy: "Leave the device out, or bind-mount the host's node under the name that it has there" },
    );
  }
  const targetFd = openMountPoint(rootFd, path, "file");
  requireKind(targetFd, path, "file");
  attachMount(mountFd, targetFd, path);
  close(mountFd);
  close(targetFd);
}

/** The kernel's number of a device: gnu_dev_makedev of sys/sysmacros.h for numbers below 2^32. */
function deviceNumber(major: number, minor: number): number {
  return ((major & 0xfff) << 8) + (minor & 0xff) + (minor & 0xfff00) * 0x1000;
}
