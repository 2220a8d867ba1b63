/**
 * Network namespaces, pinned under /run/netns as `ip netns` does (ip-netns(8)), and entered for the time of one synchronous function.
 *
 * Only the calling thread moves, so the functions belong on the main thread of a program that does nothing else meanwhile.
 *
 * @module
 */
import { mkdirSync, statfsSync, writeSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { check, errnoName, KernelError } from "../errno.ts";
import { close, flock, lastErrno, mount, open, setns, umount2, unlinkat, unshare } from "../libc.ts";

/** Where names of network namespaces are pinned. */
export const NETNS_DIR = "/run/netns";

const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

// linux/magic.h, linux/sched.h, linux/mount.h, asm-generic/fcntl.h, sys/file.h
const NSFS_MAGIC = 0x6e736673;
const CLONE_NEWNET = 0x40000000;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 1 << 20;
const MNT_DETACH = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_CLOEXEC = 0o2000000;
const AT_FDCWD = -100;
const LOCK_EX = 2;
const EEXIST = 17;
const ENOENT = 2;
const EINVAL = 22;

/** The calling thread's own namespace, not the first thread's. */
const OWN = "/proc/thread-self/ns/net";

/**
 * Path of a namespace given by name (under /run/netns) or by absolute path.
 *
 * @throws {NetdError} API_REQUEST_INVALID when it is neither an absolute path nor a name that is safe to join
 */
export function netnsPath(nameOrPath: string): string {
  if (nameOrPath.startsWith("/")) return nameOrPath;
  if (NAME_PATTERN.test(nameOrPath)) return `${NETNS_DIR}/${nameOrPath}`;
  throw new NetdError(
    "API_REQUEST_INVALID",
    `Cannot use '${nameOrPath}' as the name of a network namespace: letters, digits, '_', '.' and '-' wanted, at most 63, the first a letter or digit`,
    { remedy: "Choose a name like web-1" },
  );
}

/** Whether a namespace is pinned under this name. */
export function hasNetns(name: string): boolean {
  try {
    return statfsSync(netnsPath(name)).type === NSFS_MAGIC;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/**
 * Make a network namespace and pin it at /run/netns/NAME. Its `lo` is down.
 *
 * @throws {NetdError} NETNS_NAME_TAKEN
 */
export function createNetns(name: string): void {
  const path = netnsPath(name);
  makePin(name);
  try {
    inOwnAgain(() => {
      check(unshare(CLONE_NEWNET), () => "unshare(CLONE_NEWNET)");
      check(mount(OWN, path, "none", MS_BIND, null), () => `mount(${OWN}, ${path}, MS_BIND)`);
    });
  } catch (error) {
    unlinkat(AT_FDCWD, path, 0);
    throw error;
  }
}

/** Pin a namespace by another name, and unpin it from its old one. @throws {NetdError} NETNS_NAME_TAKEN */
export function renameNetns(name: string, to: string): void {
  const [from, path] = [netnsPath(name), netnsPath(to)];
  makePin(to);
  if (mount(from, path, "none", MS_BIND, null) < 0) {
    const errno = lastErrno();
    unlinkat(AT_FDCWD, path, 0);
    throw new KernelError(`mount(${from}, ${path}, MS_BIND)`, errno);
  }
  deleteNetns(name);
}

/** Make the file that a namespace is to be pinned on. @throws {NetdError} NETNS_NAME_TAKEN */
function makePin(name: string): void {
  const path = netnsPath(name);
  shareNetnsDir();
  const pin = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0o444);
  if (pin < 0) {
    const errno = lastErrno();
    if (errno !== EEXIST) throw new KernelError(`open(${path}, O_CREAT|O_EXCL)`, errno);
    throw new NetdError(
      "NETNS_NAME_TAKEN",
      `Cannot create network namespace '${name}': ${path} exists, a free name wanted`,
      {
        remedy: `Choose another name, or remove it with 'ip netns delete ${name}' when nothing uses it`,
      },
    );
  }
  close(pin);
}

/** Pin a network namespace at a path of ours, where there is no file yet; {@link deleteNetns} unpins it. */
export function pinNetns(from: string, path: string): void {
  close(check(open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0o444), () => `open(${path}, O_CREAT|O_EXCL)`));
  if (mount(from, path, "none", MS_BIND, null) === 0) return;
  const errno = lastErrno();
  unlinkat(AT_FDCWD, path, 0);
  throw new KernelError(`mount(${from}, ${path}, MS_BIND)`, errno);
}

/** Unpin a namespace; it ends when its last process and socket leave it. Does nothing when there is none. */
export function deleteNetns(name: string): void {
  const path = netnsPath(name);
  while (umount2(path, MNT_DETACH) === 0);
  const errno = lastErrno();
  if (errno !== EINVAL && errno !== ENOENT) throw new KernelError(`umount2(${path}, MNT_DETACH)`, errno);
  if (unlinkat(AT_FDCWD, path, 0) < 0 && lastErrno() !== ENOENT) throw new KernelError(`unlink(${path})`, lastErrno());
}

/**
 * Call `fn` with the thread in a network namespace, or just call it when `netns` is undefined.
 *
 * `fn` must be synchronous: after its return the thread is back, whatever it has left pending. A thread that can't return ends
 * the process, because going on in the wrong namespace would change a stranger's network.
 */
export function withNetns<T>(netns: string | undefined, fn: () => T): T {
  if (netns === undefined) return fn();
  const target = openNetns(netns);
  let own = -1;
  try {
    own = openNetns();
    return visitNetns(target, own, fn);
  } finally {
    if (own >= 0) close(own);
    close(target);
  }
}

/** Call a synchronous function in a new network namespace that nobody else sees; it ends with what `fn` opened in it. */
export function inNewNetns<T>(fn: () => T): T {
  return inOwnAgain(() => {
    check(unshare(CLONE_NEWNET), () => "unshare(CLONE_NEWNET)");
    return fn();
  });
}

/** Open a descriptor of a network namespace, by default the thread's own. The caller closes it. */
export function openNetns(netns?: string): number {
  const path = netns === undefined ? OWN : netnsPath(netns);
  return check(open(path, O_CLOEXEC, 0), () => `open network namespace ${path}`);
}

/** Call `fn` in the namespace of one descriptor and return to that of the other, under the rules of {@link withNetns}. */
export function visitNetns<T>(target: number, own: number, fn: () => T): T {
  check(setns(target, CLONE_NEWNET), () => "setns(CLONE_NEWNET)");
  try {
    return fn();
  } finally {
    returnOrAbort(own);
  }
}

/** Call `fn`, which may leave the thread in another network namespace, and move it back. */
function inOwnAgain<T>(fn: () => T): T {
  const own = openNetns();
  try {
    return fn();
  } finally {
    returnOrAbort(own);
    close(own);
  }
}

function returnOrAbort(own: number): void {
  if (setns(own, CLONE_NEWNET) === 0) return;
  writeSync(2, `netd: Cannot return to the own network namespace: ${errnoName(lastErrno())}; aborting\n`);
  process.abort();
}

/** Make /run/netns a shared mount, so that what is pinned there shows in every mount namespace that received it. */
function shareNetnsDir(): void {
  if (mount("none", NETNS_DIR, "none", MS_SHARED, null) === 0) return;
  if (lastErrno() === ENOENT) mkdirSync(NETNS_DIR, { recursive: true, mode: 0o755 });
  // Two programs that both bind the directory on itself would hide each other's pins: the second waits and finds it shared.
  const lock = check(open(NETNS_DIR, O_CLOEXEC, 0), () => `open(${NETNS_DIR})`);
  try {
    check(flock(lock, LOCK_EX), () => `flock(${NETNS_DIR}, LOCK_EX)`);
    if (mount("none", NETNS_DIR, "none", MS_SHARED, null) === 0) return;
    if (lastErrno() !== EINVAL) throw new KernelError(`mount(${NETNS_DIR}, MS_SHARED)`, lastErrno());
    check(
      mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, null),
      () => `mount(${NETNS_DIR}, ${NETNS_DIR}, MS_BIND|MS_REC)`,
    );
    check(mount("none", NETNS_DIR, "none", MS_SHARED, null), () => `mount(${NETNS_DIR}, MS_SHARED)`);
  } finally {
    close(lock);
  }
}
