/**
 * Every C function that the project calls, bound once. Nothing outside this file, libc-process.ts and the binding of libseccomp names koffi.
 *
 * Calls that glibc 2.31 has no wrapper for go through syscall(2) with the numbers of asm-generic/unistd.h, the same on every
 * architecture since Linux 5.0; the few older ones are looked up by architecture. The libraries are loaded on import: the forked
 * child of the runtime must find every function already bound.
 *
 * @module
 */
import koffi from "koffi";

/** The library, for the files beside this one that bind what only a few callers need. */
export const libc = koffi.load("libc.so.6");

/** Numbers of system calls that differ between architectures (asm/unistd_64.h, asm-generic/unistd.h). */
const SYS_BY_ARCH: Record<string, { pivot_root: number; capset: number; keyctl: number; seccomp: number }> = {
  x64: { pivot_root: 155, capset: 126, keyctl: 250, seccomp: 317 },
  arm64: { pivot_root: 41, capset: 91, keyctl: 219, seccomp: 277 },
};
const SYS_OLD = SYS_BY_ARCH[process.arch] ?? SYS_BY_ARCH.x64!;
/** linux/keyctl.h. */
const KEYCTL_JOIN_SESSION_KEYRING = 1;
const KEYCTL_SETPERM = 5;
const SYS = {
  pidfd_send_signal: 424,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  pidfd_open: 434,
  close_range: 436,
  openat2: 437,
  pidfd_getfd: 438,
  mount_setattr: 442,
} as const;

/** The errno that the last call of this thread left. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Address of a buffer's first byte, for structures that hold pointers. The buffer must outlive every use. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer) as bigint;
}

// Processes
export const fork = libc.func("int fork()") as () => number;
/** malloc_trim(3). */
export const mallocTrim = libc.func("int malloc_trim(size_t)") as (keepBytes: number) => number;
export const exitNow = libc.func("void _exit(int)") as (code: number) => void;
export const waitpid = libc.func("int waitpid(int, void*, int)") as (
  pid: number,
  status: Buffer | null,
  options: number,
) => number;
export const waitid = libc.func("int waitid(int, int, void*, int)") as (
  idType: number,
  id: number,
  info: Buffer,
  options: number,
) => number;
export const kill = libc.func("int kill(int, int)") as (pid: number, signal: number) => number;
export const execve = libc.func("int execve(const char*, const char**, const char**)") as (
  path: string,
  argv: (string | null)[],
  envp: (string | null)[],
) => number;
export const setsid = libc.func("int setsid()") as () => number;
export const setpgid = libc.func("int setpgid(int, int)") as (pid: number, group: number) => number;
export const prctl = libc.func("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)") as (
  option: number,
  a: number | bigint,
  b: number | bigint,
  c: number | bigint,
  d: number | bigint,
) => number;
export const signal = libc.func("void* signal(int, intptr_t)") as (signal: number, handler: number) => unknown;
/** `set` is a 128-byte sigset_t. */
export const sigprocmask = libc.func("int sigprocmask(int, void*, void*)") as (
  how: number,
  set: Buffer,
  old: Buffer | null,
) => number;
export const madvise = libc.func("int madvise(uintptr_t, size_t, int)") as (
  start: number,
  length: number,
  advice: number,
) => number;
export const setrlimit = libc.func("int setrlimit(int, void*)") as (resource: number, limit: Buffer) => number;
export const umask = libc.func("uint umask(uint)") as (mask: number) => number;
const syscallPidfdOpen = libc.func("syscall", "long", ["long", "int", "uint"]);
export const pidfdOpen = (pid: number, flags: number): number => Number(syscallPidfdOpen(SYS.pidfd_open, pid, flags));
const syscallPidfdGetfd = libc.func("syscall", "long", ["long", "int", "int", "uint"]);
export const pidfdGetfd = (pidfd: number, fd: number): number =>
  Number(syscallPidfdGetfd(SYS.pidfd_getfd, pidfd, fd, 0));
const syscallPidfdSendSignal = libc.func("syscall", "long", ["long", "int", "int", "void*", "uint"]);
export const pidfdSendSignal = (pidfd: number, signal: number): number =>
  Number(syscallPidfdSendSignal(SYS.pidfd_send_signal, pidfd, signal, null, 0));

// Namespaces, root, identity
export const unshare = libc.func("int unshare(int)") as (flags: number) => number;
export const setns = libc.func("int setns(int, int)") as (fd: number, type: number) => number;
export const sethostname = libc.func("int sethostname(const char*, size_t)") as (
  name: string,
  length: number,
) => number;
export const chdir = libc.func("int chdir(const char*)") as (path: string) => number;
export const chroot = libc.func("int chroot(const char*)") as (path: string) => number;
export const fchdir = libc.func("int fchdir(int)") as (fd: number) => number;
const syscallPivotRoot = libc.func("syscall", "long", ["long", "const char*", "const char*"]);
export const pivotRoot = (newRoot: string, putOld: string): number =>
  Number(syscallPivotRoot(SYS_OLD.pivot_root, newRoot, putOld));
export const setgroups = libc.func("int setgroups(size_t, const uint*)") as (
  count: number,
  gids: Uint32Array,
) => number;
export const setuid = libc.func("int setuid(uint)") as (uid: number) => number;
export const setgid = libc.func("int setgid(uint)") as (gid: number) => number;
const syscallCapset = libc.func("syscall", "long", ["long", "void*", "void*"]);
export const capset = (header: Buffer, data: Buffer): number => Number(syscallCapset(SYS_OLD.capset, header, data));
const syscallSeccomp = libc.func("syscall", "long", ["long", "uint", "uint", "void*"]);
/** `argument` is struct sock_fprog for SECCOMP_SET_MODE_FILTER (linux/seccomp.h); a descriptor, or 0. */
export const seccomp = (operation: number, flags: number, argument: Buffer): number =>
  Number(syscallSeccomp(SYS_OLD.seccomp, operation, flags, argument));
const syscallJoinKeyring = libc.func("syscall", "long", ["long", "int", "const char*"]);
/** keyctl(KEYCTL_JOIN_SESSION_KEYRING, name): the keyring's number. */
export const joinSessionKeyring = (name: string): number =>
  Number(syscallJoinKeyring(SYS_OLD.keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
const syscallSetKeyPermissions = libc.func("syscall", "long", ["long", "int", "int", "uint"]);
/** keyctl(KEYCTL_SETPERM, key, permissions). */
export const setKeyPermissions = (key: number, permissions: number): number =>
  Number(syscallSetKeyPermissions(SYS_OLD.keyctl, KEYCTL_SETPERM, key, permissions));

// Descriptors and files
export const open = libc.func("int open(const char*, int, int)") as (
  path: string,
  flags: number,
  mode: number,
) => number;
export const close = libc.func("int close(int)") as (fd: number) => number;
export const read = libc.func("long read(int, void*, size_t)") as (fd: number, into: Buffer, length: number) => number;
export const write = libc.func("long write(int, const void*, size_t)") as (
  fd: number,
  from: Buffer,
  length: number,
) => number;
export const dup2 = libc.func("int dup2(int, int)") as (from: number, to: number) => number;
export const fcntl = libc.func("fcntl", "int", ["int", "int", "long"]) as (
  fd: number,
  command: number,
  arg: number,
) => number;
export const flock = libc.func("int flock(int, int)") as (fd: number, operation: number) => number;
/** Fills two int32 descriptors: read end, write end. */
export const pipe2 = libc.func("int pipe2(void*, int)") as (fds: Buffer, flags: number) => number;
export const ioctl = libc.func("ioctl", "int", ["int", "ulong", "void*"]) as (
  fd: number,
  request: number,
  arg: Buffer | null,
) => number;
export const ioctlNumber = libc.func("ioctl", "int", ["int", "ulong", "long"]) as (
  fd: number,
  request: number,
  arg: number,
) => number;
const syscallCloseRange = libc.func("syscall", "long", ["long", "uint", "uint", "uint"]);
export const closeRange = (first: number, last: number, flags: number): number =>
  Number(syscallCloseRange(SYS.close_range, first, last, flags));
const syscallOpenat2 = libc.func("syscall", "long", ["long", "int", "const char*", "void*", "size_t"]);
/** `how` is struct open_how: three u64 of flags, mode, resolve (linux/openat2.h). */
export const openat2 = (dirfd: number, path: string, how: Buffer): number =>
  Number(syscallOpenat2(SYS.openat2, dirfd, path, how, how.length));
export const mkdirat = libc.func("int mkdirat(int, const char*, uint)") as (
  fd: number,
  path: string,
  mode: number,
) => number;
export const mknodat = libc.func("int mknodat(int, const char*, uint, ulong)") as (
  fd: number,
  path: string,
  mode: number,
  device: number,
) => number;
export const symlinkat = libc.func("int symlinkat(const char*, int, const char*)") as (
  target: string,
  fd: number,
  path: string,
) => number;
export const readlinkat = libc.func("long readlinkat(int, const char*, void*, size_t)") as (
  fd: number,
  path: string,
  into: Buffer,
  size: number,
) => number;
export const linkat = libc.func("int linkat(int, const char*, int, const char*, int)") as (
  fromFd: number,
  from: string,
  toFd: number,
  to: string,
  flags: number,
) => number;
export const unlinkat = libc.func("int unlinkat(int, const char*, int)") as (
  fd: number,
  path: string,
  flags: number,
) => number;
export const fchmodat = libc.func("int fchmodat(int, const char*, uint, int)") as (
  fd: number,
  path: string,
  mode: number,
  flags: number,
) => number;
export const fchownat = libc.func("int fchownat(int, const char*, uint, uint, int)") as (
  fd: number,
  path: string,
  uid: number,
  gid: number,
  flags: number,
) => number;
export const mkfifo = libc.func("int mkfifo(const char*, uint)") as (path: string, mode: number) => number;
const syncfs = libc.func("int syncfs(int)");
/** Write the file system of `fd` to its disk, on another thread: it may take seconds. Resolves to false when that failed. */
export const syncFileSystem = (fd: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    syncfs.async(fd, (error: Error | null, result: number) => (error === null ? resolve(result === 0) : reject(error)));
  });

// Mounts
export const mount = libc.func("int mount(const char*, const char*, const char*, unsigned long, const char*)") as (
  source: string | null,
  target: string,
  type: string | null,
  flags: number,
  data: string | null,
) => number;
export const umount2 = libc.func("int umount2(const char*, int)") as (target: string, flags: number) => number;
const syscallOpenTree = libc.func("syscall", "long", ["long", "int", "const char*", "uint"]);
export const openTree = (dirfd: number, path: string, flags: number): number =>
  Number(syscallOpenTree(SYS.open_tree, dirfd, path, flags));
const syscallMoveMount = libc.func("syscall", "long", ["long", "int", "const char*", "int", "const char*", "uint"]);
export const moveMount = (fromFd: number, from: string, toFd: number, to: string, flags: number): number =>
  Number(syscallMoveMount(SYS.move_mount, fromFd, from, toFd, to, flags));
const syscallFsopen = libc.func("syscall", "long", ["long", "const char*", "uint"]);
export const fsopen = (type: string, flags: number): number => Number(syscallFsopen(SYS.fsopen, type, flags));
const syscallFsconfig = libc.func("syscall", "long", ["long", "int", "uint", "const char*", "const char*", "int"]);
export const fsconfig = (fd: number, command: number, key: string | null, value: string | null, aux: number): number =>
  Number(syscallFsconfig(SYS.fsconfig, fd, command, key, value, aux));
const syscallFsmount = libc.func("syscall", "long", ["long", "int", "uint", "uint"]);
export const fsmount = (fd: number, flags: number, attributes: number): number =>
  Number(syscallFsmount(SYS.fsmount, fd, flags, attributes));
const syscallMountSetattr = libc.func("syscall", "long", ["long", "int", "const char*", "uint", "void*", "size_t"]);
/** `attributes` is struct mount_attr: four u64 of attr_set, attr_clr, propagation, userns_fd (linux/mount.h). */
export const mountSetattr = (fd: number, path: string, flags: number, attributes: Buffer): number =>
  Number(syscallMountSetattr(SYS.mount_setattr, fd, path, flags, attributes, attributes.length));

// Sockets
export const socket = libc.func("int socket(int, int, int)") as (
  domain: number,
  type: number,
  protocol: number,
) => number;
export const bind = libc.func("int bind(int, const void*, uint32_t)") as (
  fd: number,
  to: Buffer,
  length: number,
) => number;
export const connect = libc.func("int connect(int, const void*, uint32_t)") as (
  fd: number,
  to: Buffer,
  length: number,
) => number;
/** `message` is struct msghdr. */
export const sendmsg = libc.func("long sendmsg(int, const void*, int)") as (
  fd: number,
  message: Buffer,
  flags: number,
) => number;
export const getsockname = libc.func("int getsockname(int, void*, void*)") as (
  fd: number,
  address: Buffer,
  length: Buffer,
) => number;
export const setsockopt = libc.func("int setsockopt(int, int, int, const void*, uint32_t)") as (
  fd: number,
  level: number,
  name: number,
  value: Buffer,
  length: number,
) => number;
export const send = libc.func("long send(int, const void*, size_t, int)") as (
  fd: number,
  from: Buffer,
  length: number,
  flags: number,
) => number;
export const sendto = libc.func("long sendto(int, const void*, size_t, int, const void*, uint32_t)") as (
  fd: number,
  from: Buffer,
  length: number,
  flags: number,
  to: Buffer,
  toLength: number,
) => number;
export const recv = libc.func("long recv(int, void*, size_t, int)") as (
  fd: number,
  into: Buffer,
  length: number,
  flags: number,
) => number;

// Addresses
/** Writes 4 or 16 bytes; 1 on success, 0 when the text is no address of that family (inet_pton(3)). */
export const inetPton = libc.func("int inet_pton(int, const char*, void*)") as (
  family: number,
  text: string,
  into: Buffer,
) => number;
const libcInetNtop = libc.func("inet_ntop", "const char*", ["int", "const void*", "void*", "uint32_t"]);
/** Text of 4 or 16 address bytes, canonical as in RFC 5952. */
export const inetNtop = (family: number, bytes: Buffer): string =>
  libcInetNtop(family, bytes, Buffer.alloc(46), 46) as string;

// What the runtime's forked child and slow start need besides
/** `into` is struct statx, 256 bytes (linux/stat.h). */
export const statx = libc.func("int statx(int, const char*, int, uint, void*)") as (
  dirfd: number,
  path: string,
  flags: number,
  mask: number,
  into: Buffer,
) => number;
/** `into` is struct statfs; its first word is the type of the file system (linux/magic.h). */
export const fstatfs = libc.func("int fstatfs(int, void*)") as (fd: number, into: Buffer) => number;
export const fchown = libc.func("int fchown(int, uint, uint)") as (fd: number, uid: number, gid: number) => number;
/** `pid` takes one int32. Returns an errno, not -1. */
export const posixSpawn = libc.func(
  "int posix_spawn(void*, const char*, const void*, const void*, const char**, const char**)",
) as (
  pid: Buffer,
  path: string,
  actions: Buffer,
  attributes: Buffer | null,
  argv: (string | null)[],
  envp: (string | null)[],
) => number;
/** `actions` is a posix_spawn_file_actions_t: 80 bytes in glibc on 64-bit machines. */
export const posixSpawnActionsInit = libc.func("int posix_spawn_file_actions_init(void*)") as (
  actions: Buffer,
) => number;
export const posixSpawnActionsDup2 = libc.func("int posix_spawn_file_actions_adddup2(void*, int, int)") as (
  actions: Buffer,
  from: number,
  to: number,
) => number;
export const posixSpawnActionsDestroy = libc.func("int posix_spawn_file_actions_destroy(void*)") as (
  actions: Buffer,
) => number;
export const memfdCreate = libc.func("int memfd_create(const char*, uint)") as (name: string, flags: number) => number;
const libcMemset = libc.func("void* memset(uintptr_t, int, size_t)");
/** Die of SIGSEGV, as a child does whose heap is missing. A signal sent to itself would not kill pid 1 of a namespace. */
export const crashNow = (): void => void libcMemset(8, 0, 1);

// BPF
/** bpf(2); x64 is older than the common table. */
const SYS_BPF = process.arch === "x64" ? 321 : 280;
const syscallBpf = libc.func("syscall", "long", ["long", "int", "void*", "uint"]);
/** `attributes` is union bpf_attr (linux/bpf.h); the descriptor that it makes, or 0. */
export const bpf = (command: number, attributes: Buffer): number =>
  Number(syscallBpf(SYS_BPF, command, attributes, attributes.length));

// Waiting
const EFD_CLOEXEC = 0o2000000;
const libcEventfd = libc.func("int eventfd(uint, int)");
/** Make a counter that can be waited for (eventfd(2)); the caller closes it. */
export const eventfd = (): number => libcEventfd(0, EFD_CLOEXEC) as number;
const libcPoll = libc.func("int poll(void*, ulong, int)");
const POLLPRI = 2;
/** Wait, on another thread, for a priority event of one descriptor (poll(2)); resolves after it or after `timeoutMs`. */
export const pollPriority = (fd: number, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    // struct pollfd: int fd, short events, short revents.
    const pollfd = Buffer.alloc(8);
    pollfd.writeInt32LE(fd, 0);
    pollfd.writeInt16LE(POLLPRI, 4);
    libcPoll.async(pollfd, 1, timeoutMs, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
