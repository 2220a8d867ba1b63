/**
 * Steps that make the container's root directory and enter it.
 *
 * Source: pivot_root(2), Documentation/filesystems/overlayfs.rst.
 *
 * @module
 */
import { check, KernelError } from "../errno.ts";
import { chdir, close, fchdir, lastErrno, mount, open, pivotRoot, umount2 } from "../libc.ts";
import { shellQuote } from "../shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { attachMount, cloneMount, createFilesystem, type MountPropagation, setMountFlags } from "./mount-attributes.ts";
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from "./open-flags.ts";

/** Cut the mounts of this namespace off from the host's, all of them. */
export interface MountPropagationStep {
  op: "mount.propagation";
  propagation: "private" | "slave";
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

/** Forbid writing to the root file system; mounts on it keep their own flags. */
export interface RootReadonlyStep {
  op: "root.readonly";
  path: string;
}

/** Make the root directory the process's own and detach the old one. */
export interface RootPivotStep {
  op: "root.pivot";
  path: string;
}

const MS_REC = 0x4000n;
const MS_BITS: Record<RootPropagation, bigint> = { private: 1n << 18n, slave: 1n << 19n };
type RootPropagation = Extract<MountPropagation, "private" | "slave">;
const MNT_DETACH = 2;
/** fsconfig takes values of at most 255 bytes (fs/fsopen.c). */
const FSCONFIG_VALUE_MAX = 255;
const EINVAL = 22;

/** Carries out {@link MountPropagationStep}. */
export const mountPropagation: ProcessStepDefinition<MountPropagationStep> = {
  walk({ propagation }) {
    check(mount(null, "/", null, Number(MS_REC | MS_BITS[propagation]), null), () => `mount(/, r${propagation})`);
  },
  toShell: ({ propagation }) => [`mount --make-r${propagation} /`],
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

/** Carries out {@link RootReadonlyStep}. */
export const rootReadonly: ProcessStepDefinition<RootReadonlyStep> = {
  walk(_step, state) {
    setMountFlags(state.rootFd, ["ro"], false);
  },
  toShell: ({ path }) => [`mount -o remount,bind,ro ${shellQuote(path)}`],
};

/**
 * Carries out {@link RootPivotStep}. The old root is stacked on the new one and then detached, so that no directory for it is needed
 * (pivot_root(2), NOTES).
 */
export const rootPivot: ProcessStepDefinition<RootPivotStep> = {
  walk(_step, state) {
    check(fchdir(state.rootFd), () => "fchdir(root file system)");
    check(pivotRoot(".", "."), () => "pivot_root(., .)");
    check(umount2(".", MNT_DETACH), () => "umount2(old root, MNT_DETACH)");
    check(chdir("/"), () => "chdir(/)");
  },
  toShell: ({ path }) => [`cd ${shellQuote(path)}`, "pivot_root . .", "umount -l ."],
};

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
