/**
 * The moment of a process's birth: a fork of ourselves, or of a fresh Node, in the right pid namespace.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { check, errnoName } from "../errno.ts";
import {
  close,
  crashNow,
  fork,
  mallocTrim,
  memfdCreate,
  open,
  posixSpawn,
  posixSpawnActionsDestroy,
  posixSpawnActionsDup2,
  posixSpawnActionsInit,
  prctl,
  read,
  setns,
  sigprocmask,
  unshare,
} from "../libc.ts";
import { ForkableHeap } from "./forkable-heap.ts";
import { CLONE_FLAG } from "./namespace-steps.ts";
import { O_CLOEXEC, O_RDONLY } from "./open-flags.ts";
import { makePipe, type Pipe } from "./pipe.ts";
import type { ProcessStep } from "./process-step.ts";
import { awaitSteps } from "./spare.ts";
import { findNodeFdMax, walkSteps } from "./walk-steps.ts";

/** The pid namespace of a process to be born. */
export type PidNamespace = "host" | "new" | { pidfd: number };

/** What a process is born for. */
export interface BirthRequest {
  pidNamespace: PidNamespace;
  /** The last one is `exec`. */
  steps: readonly ProcessStep[];
  /** Settles when a step `gate.wait` may end: true to go on, false to call the start off. */
  gate?: Promise<boolean>;
  /**
   * Takes the listener of a seccomp filter that notifies, and closes it; `pid` is the process's. Synchronous: the process waits. What it
   * throws ends the launch.
   */
  takeListener?: (fd: number, pid: number) => void;
  /** Runs the hooks of a step `hooks.await`, while the child `pid` waits there; an error of its own ends the child. */
  onHooks?: (pid: number) => Promise<void>;
}

/** A child on its way, and our ends of the pipes to it; the caller closes them. */
export interface Newborn {
  pid: number;
  /** End of file here: it executed its program, or died. */
  reportFd: number;
  ackFd: number;
}

/** What a child does instead of walking, in tests of the retry. */
export type TestFault = "crash" | "silence";

const PR_SET_DUMPABLE = 4;
const SIG_SETMASK = 2;
const ALL_SIGNALS = Buffer.alloc(128, 0xff);
const MFD_CLOEXEC = 1;
/** posix_spawn_file_actions_t of glibc has 80 bytes on 64-bit machines. */
const SPAWN_ACTIONS_BYTES = 128;

/** Makes children. One a process: it changes what the process inherits to them. */
export class Midwife implements Disposable {
  readonly #nodeFdMax = findNodeFdMax();
  readonly #heap = new ForkableHeap();
  readonly #ownPidNamespace: number;
  readonly #savedMask = Buffer.alloc(128);

  constructor() {
    this.#ownPidNamespace = check(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC, 0), () => "open(/proc/self/ns/pid)");
    // Nobody in a container may look into a child before its exec, nor find our program through it (CVE-2019-5736).
    check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), () => "prctl(PR_SET_DUMPABLE, 0)");
  }

  [Symbol.dispose](): void {
    close(this.#ownPidNamespace);
  }

  /** Fork this process; the child walks the steps. @throws {KernelError} when there can be no child */
  fork(request: BirthRequest, fault?: TestFault): Newborn {
    const report = makePipe();
    const ack = makePipe();
    return this.#bear(request.pidNamespace, report, ack, () => {
      this.#heap.prepare();
      const pid = fork();
      if (pid !== 0) return pid;
      // From here on we are the child.
      if (fault === "crash") crashNow();
      close(ack.write);
      if (fault === "silence") read(ack.read, Buffer.alloc(1), 1);
      return walkSteps(() => request.steps, { reportFd: report.write, ackFd: ack.read, nodeFdMax: this.#nodeFdMax });
    });
  }

  /** Fork a child for a request to come, in a new pid namespace: it walks `rehearsal`, then waits for its steps on the pipe of `ackFd`. */
  forkSpare(rehearsal: readonly ProcessStep[]): Newborn {
    const report = makePipe();
    const ack = makePipe();
    // What V8's compilers have freed would be copied, and taken down again by the exec.
    mallocTrim(0);
    return this.#bear("new", report, ack, () => {
      this.#heap.prepare();
      const pid = fork();
      if (pid !== 0) return pid;
      const pipes = { reportFd: report.write, ackFd: ack.read, nodeFdMax: this.#nodeFdMax };
      return walkSteps(() => awaitSteps({ ...pipes, rehearsal }), pipes);
    });
  }

  /** Start a fresh Node that walks the steps: `command` with three descriptors as arguments, of the steps as JSON and of the pipes. */
  spawn(request: BirthRequest, command: readonly string[]): Newborn {
    const report = makePipe();
    const ack = makePipe();
    const stepsFd = check(memfdCreate("steps", MFD_CLOEXEC), () => "memfd_create(steps)");
    try {
      writeSync(stepsFd, JSON.stringify(request.steps));
      return this.#bear(request.pidNamespace, report, ack, () => {
        const control = [stepsFd, report.write, ack.read];
        return posixSpawnWith([...command, ...control.map(String)], [...control, ...descriptorsOf(request.steps)]);
      });
    } finally {
      close(stepsFd);
    }
  }

  /** Run `deliver` with signals blocked and children going into the wanted pid namespace. */
  #bear(pidNamespace: PidNamespace, report: Pipe, ack: Pipe, deliver: () => number): Newborn {
    sigprocmask(SIG_SETMASK, ALL_SIGNALS, this.#savedMask);
    try {
      check(this.#enter(pidNamespace), () => "enter the pid namespace");
      const pid = check(deliver(), () => "fork()");
      return { pid, reportFd: report.read, ackFd: ack.write };
    } catch (error) {
      close(report.read);
      close(ack.write);
      throw error;
    } finally {
      if (pidNamespace !== "host") setns(this.#ownPidNamespace, CLONE_FLAG.pid);
      sigprocmask(SIG_SETMASK, this.#savedMask, null);
      close(report.write);
      close(ack.read);
    }
  }

  #enter(pidNamespace: PidNamespace): number {
    if (pidNamespace === "host") return 0;
    if (pidNamespace === "new") return unshare(CLONE_FLAG.pid);
    return setns(pidNamespace.pidfd, CLONE_FLAG.pid);
  }
}

/** Descriptors of ours that the steps name by number. */
export function descriptorsOf(steps: readonly ProcessStep[]): number[] {
  return steps.flatMap((step) => {
    if (step.op === "namespaces.enter") return [step.pidfd];
    if (step.op === "start.wait") return [step.startFd, step.resultFd];
    if (step.op === "root.open") return step.map === undefined ? [] : [step.map.fd];
    if (step.op === "user.enter") return [step.fd];
    if (step.op === "process.fork") {
      const { pidNamespace } = step;
      return typeof pidNamespace === "object" && "pidfd" in pidNamespace ? [pidNamespace.pidfd] : [];
    }
    if (step.op !== "stdio.open") return [];
    return [step.stdin, step.stdout, step.stderr].flatMap((source) => ("fd" in source ? [source.fd] : []));
  });
}

/** posix_spawn(3) needs no V8 heap in the child. The given descriptors keep their numbers; all others are close-on-exec. */
function posixSpawnWith(argv: readonly string[], descriptors: readonly number[]): number {
  const actions = Buffer.alloc(SPAWN_ACTIONS_BYTES);
  const pid = Buffer.alloc(4);
  posixSpawnActionsInit(actions);
  // A descriptor duplicated onto itself loses close-on-exec (glibc 2.29).
  for (const fd of new Set(descriptors)) posixSpawnActionsDup2(actions, fd, fd);
  const result = posixSpawn(pid, argv[0]!, actions, null, [...argv, null], [null]);
  posixSpawnActionsDestroy(actions);
  if (result === 0) return pid.readInt32LE(0);
  throw new NetdError("LAUNCH_FAILED", `Cannot start ${argv[0]}: ${errnoName(result)}`);
}
