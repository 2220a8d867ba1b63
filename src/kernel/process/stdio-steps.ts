/**
 * Steps about descriptors: standard streams, a controlling terminal, and closing all others.
 *
 * Source: ioctl_tty(2), pty(7), close_range(2), linux/magic.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check } from "../errno.ts";
import { close, closeRange, dup2, fchown, fcntl, fstatfs, ioctl, ioctlNumber, open, read, setsid } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition, WalkState } from "./define-step.ts";
import { S_IFCHR, statusOf } from "./file-status.ts";
import { attachMount, cloneMount } from "./mount-attributes.ts";
import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NOFOLLOW, O_RDONLY, O_RDWR } from "./open-flags.ts";
import { sendReport } from "./report.ts";
import { openInRoot, openMountPoint } from "./root-path.ts";

/** Where one standard stream leads: a path on the host, or a descriptor of the parent. */
export type StdioSource = { path: string } | { fd: number };

/** Connect standard input, output and error. First of all steps: paths are the host's. */
export interface StdioOpenStep {
  op: "stdio.open";
  /** Read only. */
  stdin: StdioSource;
  /** Opened for reading too, so that a FIFO has a reader whoever dies, and nobody gets SIGPIPE. */
  stdout: StdioSource;
  stderr: StdioSource;
  /** Owner of streams that are not /dev/null, so that the container can open /dev/stdout again. */
  uid: number;
  gid: number;
}

/** Start a session. */
export interface SessionStartStep {
  op: "session.start";
}

/** Open a terminal of the container's own devpts, hand its master to the parent, make it the controlling one and the standard streams. */
export interface TerminalOpenStep {
  op: "terminal.open";
  /** Size in characters; absent: as the kernel makes it. */
  size?: { rows: number; columns: number };
  /** Leave it to `process.init` to make it the controlling one. */
  isForChild?: true;
  /** Mount it on /dev/console too. */
  isConsole: boolean;
  root: string;
  uid: number;
}

/** Close every descriptor above 2 but the report pipe. */
export interface DescriptorsCloseStep {
  op: "descriptors.close";
  /** Keep the parent's answers too: a later step asks a question. */
  keepsAnswers?: true;
  /** Leave so many from 3 on to the program; they were open when the runtime began. */
  preserved?: number;
}

/** asm-generic/ioctls.h. */
const TIOCSCTTY = 0x540e;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;
const DEVPTS_SUPER_MAGIC = 0x1cd1n;
/** linux/close_range.h. */
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_FD = 0xffffffff;
/** fcntl.h. */
const F_SETFD = 2;
/** Group of terminals, fixed by everybody's use of `gid=5`. */
const TTY_GID = 5;

/** Carries out {@link StdioOpenStep}. */
export const stdioOpen: ProcessStepDefinition<StdioOpenStep> = {
  walk({ stdin, stdout, stderr, uid, gid }) {
    connect(stdin, 0, O_RDONLY, uid, gid);
    connect(stdout, 1, O_RDWR, uid, gid);
    connect(stderr, 2, O_RDWR, uid, gid);
  },
  toShell({ stdin, stdout, stderr }) {
    const words = [
      ...("path" in stdin ? [`<${shellQuote(stdin.path)}`] : []),
      ...("path" in stdout ? [`1<>${shellQuote(stdout.path)}`] : []),
      ...("path" in stderr ? [`2<>${shellQuote(stderr.path)}`] : []),
    ];
    return words.length === 0 ? [] : [`exec ${words.join(" ")}`];
  },
};

/** Carries out {@link SessionStartStep}. Fails harmlessly for a process that leads a group: it has its session already. */
export const sessionStart: ProcessStepDefinition<SessionStartStep> = {
  wraps: true,
  walk() {
    setsid();
  },
  toShell: () => ["setsid"],
};

/** Carries out {@link TerminalOpenStep}. */
export const terminalOpen: ProcessStepDefinition<TerminalOpenStep> = {
  walk({ size, isConsole, isForChild, uid }, state) {
    const master = openInRoot(state.rootFd, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    requireDevpts(master);
    check(ioctl(master, TIOCSPTLCK, Buffer.alloc(4)), () => "ioctl(TIOCSPTLCK)");
    const flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    const slave = check(ioctlNumber(master, TIOCGPTPEER, flags), () => "ioctl(TIOCGPTPEER)");
    if (size !== undefined) {
      const winsize = Buffer.alloc(8);
      winsize.writeUInt16LE(size.rows, 0);
      winsize.writeUInt16LE(size.columns, 2);
      check(ioctl(master, TIOCSWINSZ, winsize), () => "ioctl(TIOCSWINSZ)");
    }
    if (isConsole) bindConsole(slave, state);
    handOver(master, state);
    close(master);
    if (isForChild !== true) check(ioctlNumber(slave, TIOCSCTTY, 0), () => "ioctl(TIOCSCTTY)");
    if (uid !== 0) check(fchown(slave, uid, TTY_GID), () => "fchown(terminal)");
    for (const fd of [0, 1, 2]) check(dup2(slave, fd), () => `dup2(terminal, ${fd})`);
    close(slave);
  },
  toShell: ({ root, isConsole }) =>
    isConsole
      ? [`touch ${shellQuote(`${root}/dev/console`)}`, `mount --bind "$(tty)" ${shellQuote(`${root}/dev/console`)}`]
      : [],
};

/**
 * Carries out {@link DescriptorsCloseStep}. From here on a path below /proc/self/fd leads nowhere on the host. Node's own descriptors stay
 * open until the exec: V8 still writes to its event loop's, and aborts when it cannot.
 */
export const descriptorsClose: ProcessStepDefinition<DescriptorsCloseStep> = {
  walk({ keepsAnswers, preserved = 0 }, state) {
    check(closeRange(3, LAST_FD, CLOSE_RANGE_CLOEXEC), () => "close_range(3, ~0, CLOEXEC)");
    for (let fd = 3; fd < 3 + preserved; fd++) check(fcntl(fd, F_SETFD, 0), () => `fcntl(${fd}, F_SETFD, 0)`);
    const { nodeFdMax, reportFd, ackFd } = state;
    let from = nodeFdMax + 1;
    for (const kept of keepsAnswers === true ? [Math.min(reportFd, ackFd), Math.max(reportFd, ackFd)] : [reportFd]) {
      if (kept > from) check(closeRange(from, kept - 1, 0), () => `close_range(${from}, ${kept - 1})`);
      from = Math.max(from, kept + 1);
    }
    check(closeRange(from, LAST_FD, 0), () => `close_range(${from}, ~0)`);
    // The working directory is the container's root by now.
    state.rootFd = AT_FDCWD;
    if (keepsAnswers !== true) state.ackFd = -1;
  },
  toShell: () => [],
};

function connect(source: StdioSource, target: 0 | 1 | 2, mode: number, uid: number, gid: number): void {
  const isOpened = "path" in source;
  const fd = isOpened
    ? check(open(source.path, mode | O_NOCTTY | O_CLOEXEC, 0), () => `open(${source.path})`)
    : source.fd;
  check(dup2(fd, target), () => `dup2(${fd}, ${target})`);
  if (isOpened) close(fd);
  if (uid === 0 && gid === 0) return;
  const isNull = isOpened ? source.path === "/dev/null" : isNullDevice(target);
  if (isNull) return;
  const changed = fchown(target, uid, gid);
  // What our caller gave us may be of a kind that has no owner, or not ours to give away.
  if (isOpened) check(changed, () => `fchown(descriptor ${target})`);
}

function isNullDevice(fd: number): boolean {
  const { type, deviceMajor, deviceMinor } = statusOf(fd);
  return type === S_IFCHR && deviceMajor === 1 && deviceMinor === 3;
}

/** A file that only looks like a multiplexer would give its maker our terminal. */
function requireDevpts(master: number): void {
  const status = Buffer.alloc(256);
  check(fstatfs(master, status), () => "fstatfs(/dev/pts/ptmx)");
  if (status.readBigInt64LE(0) === DEVPTS_SUPER_MAGIC) return;
  throw new NetdError(
    "LAUNCH_FAILED",
    "Cannot open a terminal: /dev/pts of the container is not a devpts file system",
    {
      remedy: "Leave /dev/pts to netd: mount nothing else on it",
    },
  );
}

function bindConsole(slave: number, state: WalkState): void {
  const target = openMountPoint(state.rootFd, "/dev/console", "file");
  const mountFd = cloneMount(slave, "", false);
  attachMount(mountFd, target, "/dev/console");
  close(mountFd);
  close(target);
}

/** Let the parent duplicate the master with pidfd_getfd(2), and wait until it has. */
function handOver(master: number, state: WalkState): void {
  sendReport(state.reportFd, { terminal: master });
  const answer = Buffer.alloc(1);
  if (read(state.ackFd, answer, 1) !== 1) {
    throw new NetdError("LAUNCH_FAILED", "Cannot hand the terminal over: the runtime has gone");
  }
}
