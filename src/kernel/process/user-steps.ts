/**
 * Steps of a process that moves into a user namespace. What belongs to the host is opened before it: the root of the namespace may not even
 * see the way to it.
 *
 * Source: user_namespaces(7), mount_setattr(2) "ID-mapped mounts", fs/namespace.c.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import { close, mount, open, prctl, setns, unshare } from "../libc.ts";
import { setfsgid, setfsuid } from "../libc-process.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import { becomeRoot } from "./become-root.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { attachMount, cloneMount, mapMountIds } from "./mount-attributes.ts";
import { cloneSource, type MountBindStep, type MountFilesystemStep, openFilesystem } from "./mount-steps.ts";
import { CLONE_FLAG } from "./namespace-steps.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH } from "./open-flags.ts";
import { type RootBindStep, type RootOverlayStep, rootBind, rootOverlay } from "./root-steps.ts";

/** Open what a later mount step of the same target mounts, with the rights of the host. */
export interface MountOpenStep {
  op: "mount.open";
  mount: MountBindStep | MountFilesystemStep;
}

/** Open the root file system with the rights of the host, in a mount namespace that is only there for it. */
export interface RootOpenStep {
  op: "root.open";
  root: RootBindStep | RootOverlayStep;
  /** How the layers show their ids; absent: as they are. */
  map?: {
    /** Descriptor of the user namespace in the parent. */
    fd: number;
    /** Ids of the host that are root inside. */
    uid: number;
    gid: number;
  };
}

/** Mount the opened root file system over "/", which every user may look up; it becomes the root. */
export interface RootAttachStep {
  op: "root.attach";
}

/** Enter a user namespace and become its root. */
export interface UserEnterStep {
  op: "user.enter";
  /** Descriptor in the parent, which the fork inherits. */
  fd: number;
  /** Where it is pinned, when it is not a new one. */
  path?: string;
  /** Of a new one: `INSIDE:OUTSIDE:COUNT` each, for {@link ProcessStepDefinition.toShell} only. */
  uids: string[];
  gids: string[];
  /** Whether its uid 0 and gid 0 are mapped; without them the process stays who it is until `user.set`. */
  hasRoot: boolean;
}

const MS_REC = 0x4000;
const MS_SLAVE = 1 << 19;
const EINVAL = 22;
/** linux/prctl.h, linux/securebits.h. */
const PR_SET_SECUREBITS = 28;
const SECBIT_NO_SETUID_FIXUP = 4;

/** Carries out {@link MountOpenStep}. */
export const mountOpen: ProcessStepDefinition<MountOpenStep> = {
  walk({ mount: step }, { opened }) {
    const fd = step.op === "mount.bind" ? cloneSource(step.source, step.isRecursive) : openFilesystem(step);
    const before = opened.get(step.target);
    if (before === undefined) opened.set(step.target, [fd]);
    else before.push(fd);
  },
  toShell: () => [],
};

/** Carries out {@link RootOpenStep}. */
export const rootOpen: ProcessStepDefinition<RootOpenStep> = {
  walk({ root, map }, state) {
    check(unshare(CLONE_FLAG.mount), () => "unshare(mount)");
    check(mount(null, "/", null, MS_REC | MS_SLAVE, null), () => "mount(/, rslave)");
    if (map !== undefined) for (const path of directoriesOf(root)) mapInPlace(path, map.fd);
    if (root.op === "root.bind") rootBind.walk(root, state);
    else if (map === undefined) rootOverlay.walk(root, state);
    else workAs(map, () => rootOverlay.walk(root, state));
    const fd = cloneMount(state.rootFd, "", true);
    close(state.rootFd);
    state.rootFd = fd;
  },
  toShell({ root, map }) {
    const mapped = map === undefined ? [] : directoriesOf(root).map(shellQuote);
    return [
      ...mapped.map((path) => `mount --bind -o X-mount.idmap=/proc/self/fd/${map?.fd} ${path} ${path}`),
      ...(root.op === "root.overlay" ? rootOverlay.toShell(root) : rootBind.toShell(root)),
    ];
  },
};

/** Carries out {@link RootAttachStep}. */
export const rootAttach: ProcessStepDefinition<RootAttachStep> = {
  walk(_step, { rootFd }) {
    const top = check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0), () => "open(/)");
    attachMount(rootFd, top, "/");
    close(top);
  },
  toShell: () => [],
};

/** Carries out {@link UserEnterStep}. */
export const userEnter: ProcessStepDefinition<UserEnterStep> = {
  wraps: true,
  walk({ fd, path, hasRoot }) {
    check(setns(fd, CLONE_FLAG.user), () => `setns(${path ?? "new user namespace"}, user)`);
    if (hasRoot) becomeRoot();
  },
  toShell({ path, uids, gids, hasRoot }) {
    const ids = hasRoot ? ["--setuid=0", "--setgid=0"] : [];
    if (path !== undefined) return [shellCommand("nsenter", `--user=${path}`, ...ids)];
    const maps = [...uids.map((range) => `--map-users=${range}`), ...gids.map((range) => `--map-groups=${range}`)];
    return [shellCommand("unshare", "--user", ...maps, ...ids)];
  },
};

/** Directories whose mounts show mapped ids: upper and work must be below one mount, so their parent. */
function directoriesOf(root: RootBindStep | RootOverlayStep): string[] {
  if (root.op === "root.bind") return [root.path];
  return [...root.lower, root.upper.slice(0, Math.max(root.upper.lastIndexOf("/"), 1))];
}

/**
 * Mount an overlay as one who has an id in mapped layers, and keeps all capabilities: overlayfs makes files in its work directory as who mounted
 * it, and an id that is not mapped can own none.
 */
function workAs({ uid, gid }: { uid: number; gid: number }, mountOverlay: () => void): void {
  check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), () => "prctl(PR_SET_SECUREBITS)");
  setfsgid(gid);
  setfsuid(uid);
  mountOverlay();
  setfsuid(0);
  setfsgid(0);
  check(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0), () => "prctl(PR_SET_SECUREBITS)");
}

/** Cover a directory with itself, its ids mapped. */
function mapInPlace(path: string, mapFd: number): void {
  const fd = cloneMount(AT_FDCWD, path, false);
  try {
    mapMountIds(fd, mapFd, false);
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== EINVAL) throw error;
    throw new NetdError(
      "KERNEL_FEATURE_MISSING",
      `Cannot show "${path}" with the ids of a user namespace: its file system has no ID-mapped mounts, one that has is needed`,
      {
        remedy: "Keep netd's state on ext4, xfs, btrfs, or, from Linux 6.3 on, tmpfs; or leave --userns out",
        cause: error,
      },
    );
  }
  const target = check(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), () => `open(${path})`);
  attachMount(fd, target, path);
  close(target);
  close(fd);
}
