/**
 * Steps that say how the kernel treats a process: its share of processors and disks, its fate when memory is short, its clocks, and the
 * parameters of its namespaces.
 *
 * Source: sched_setattr(2), ioprio_set(2), sched_setaffinity(2), personality(2), setdomainname(2), time_namespaces(7),
 * proc_pid_oom_score_adj(5), linux/magic.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import { close, fstatfs, lastErrno, open, write } from "../libc.ts";
import { ioprioSet, personality, schedSetaffinity, schedSetattr, setdomainname } from "../libc-process.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import { sysctlPath } from "../sysctl/sysctl.ts";
import { formatBitMask } from "./bit-mask.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { O_CLOEXEC, O_WRONLY } from "./open-flags.ts";

/** Set the NIS domain name of the process's UTS namespace. */
export interface DomainnameSetStep {
  op: "domainname.set";
  domainname: string;
}

/** Say how readily the process is killed when memory is short: -1000 (never) to 1000. */
export interface OomAdjustStep {
  op: "oom.adjust";
  score: number;
}

/** Set the priority of the process at disks. */
export interface IoPrioritizeStep {
  op: "io.prioritize";
  /** `IOPRIO_CLASS_RT` and the like. */
  class: string;
  priority: number;
}

/** Set policy and attributes of the scheduler. */
export interface SchedulerSetStep {
  op: "scheduler.set";
  /** `SCHED_FIFO` and the like. */
  policy: string;
  nice?: number;
  priority?: number;
  /** `SCHED_FLAG_RESET_ON_FORK` and the like. */
  flags?: string[];
  /** Of SCHED_DEADLINE, in nanoseconds. */
  runtime?: number | string;
  deadline?: number | string;
  period?: number | string;
}

/** Run on these processors only. */
export interface AffinitySetStep {
  op: "affinity.set";
  /** A list as in cpuset(7): `0-3,7`. */
  cpus: string;
}

/** Set the execution domain: what uname(2) tells of the machine. */
export interface PersonalitySetStep {
  op: "personality.set";
  domain: "LINUX" | "LINUX32";
}

/** Write a parameter of one of the process's namespaces. */
export interface SysctlWriteStep {
  op: "sysctl.write";
  key: string;
  value: string;
}

/** Set a clock of the new time namespace that children will be in. */
export interface TimeOffsetStep {
  op: "time.offset";
  /** `monotonic` or `boottime`. */
  clock: string;
  secs: number | string;
  nanosecs: number;
}

const EACCES = 13;
const ENOENT = 2;
const IOPRIO_WHO_PROCESS = 1;
const IOPRIO_CLASS_SHIFT = 13;
/** linux/ioprio.h. */
const IO_CLASSES = ["IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"];
/** linux/sched.h, by number. */
const POLICIES = ["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"];
/** linux/sched.h, by bit. */
const SCHEDULER_FLAGS = [
  "SCHED_FLAG_RESET_ON_FORK",
  "SCHED_FLAG_RECLAIM",
  "SCHED_FLAG_DL_OVERRUN",
  "SCHED_FLAG_KEEP_POLICY",
  "SCHED_FLAG_KEEP_PARAMS",
  "SCHED_FLAG_UTIL_CLAMP_MIN",
  "SCHED_FLAG_UTIL_CLAMP_MAX",
];
/** struct sched_attr as of Linux 3.14, linux/sched/types.h. */
const SCHED_ATTR_BYTES = 48;
/** Processors that a mask has room for: CONFIG_NR_CPUS is 8192 at most. */
const CPUS_MAX = 8192;
/** linux/personality.h. */
const PER_LINUX32 = 0x0008;
const PROC_SUPER_MAGIC = 0x9fa0n;

/** Carries out {@link DomainnameSetStep}. */
export const domainnameSet: ProcessStepDefinition<DomainnameSetStep> = {
  walk({ domainname }) {
    check(setdomainname(domainname, Buffer.byteLength(domainname)), () => `setdomainname(${domainname})`);
  },
  toShell: ({ domainname }) => [shellCommand("domainname", domainname)],
};

/** Carries out {@link OomAdjustStep}. */
export const oomAdjust: ProcessStepDefinition<OomAdjustStep> = {
  walk({ score }) {
    const path = "/proc/self/oom_score_adj";
    const errno = writeProc(path, String(score));
    if (errno === 0) return;
    if (errno !== EACCES) throw new KernelError(`write(${path}, ${score})`, errno);
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot set oom_score_adj to ${score}: that protects the process more than the runtime itself, which lacks CAP_SYS_RESOURCE`,
      { remedy: "Ask for a higher score, or start the runtime with CAP_SYS_RESOURCE" },
    );
  },
  toShell: ({ score }) => [`echo ${score} > /proc/self/oom_score_adj`],
};

/** Carries out {@link IoPrioritizeStep}. */
export const ioPrioritize: ProcessStepDefinition<IoPrioritizeStep> = {
  wraps: true,
  walk({ class: name, priority }) {
    const value = (IO_CLASSES.indexOf(name) << IOPRIO_CLASS_SHIFT) | priority;
    check(ioprioSet(IOPRIO_WHO_PROCESS, 0, value), () => `ioprio_set(${name}, ${priority})`);
  },
  toShell: ({ class: name, priority }) => [
    `ionice --class=${IO_CLASSES.indexOf(name)}${name === "IOPRIO_CLASS_IDLE" ? "" : ` --classdata=${priority}`}`,
  ],
};

/** Carries out {@link SchedulerSetStep}. */
export const schedulerSet: ProcessStepDefinition<SchedulerSetStep> = {
  wraps: true,
  walk({ policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 }) {
    const attributes = Buffer.alloc(SCHED_ATTR_BYTES);
    attributes.writeUInt32LE(SCHED_ATTR_BYTES, 0);
    attributes.writeUInt32LE(POLICIES.indexOf(policy), 4);
    attributes.writeBigUInt64LE(
      flags.reduce((bits, flag) => bits | (1n << BigInt(SCHEDULER_FLAGS.indexOf(flag))), 0n),
      8,
    );
    attributes.writeInt32LE(nice, 16);
    attributes.writeUInt32LE(priority, 20);
    attributes.writeBigUInt64LE(BigInt(runtime), 24);
    attributes.writeBigUInt64LE(BigInt(deadline), 32);
    attributes.writeBigUInt64LE(BigInt(period), 40);
    check(schedSetattr(attributes), () => `sched_setattr(${policy}, nice ${nice}, priority ${priority})`);
  },
  toShell({ policy, nice, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 }) {
    const words = [
      ...(flags.includes("SCHED_FLAG_RESET_ON_FORK") ? ["--reset-on-fork"] : []),
      `--${policy.replace("SCHED_", "").toLowerCase()}`,
      ...(policy === "SCHED_DEADLINE"
        ? [`--sched-runtime=${runtime}`, `--sched-deadline=${deadline}`, `--sched-period=${period}`]
        : []),
    ];
    const chrt = `chrt ${words.join(" ")} ${priority}`;
    return [nice === undefined || nice === 0 ? chrt : `nice -n ${nice} ${chrt}`];
  },
};

/** Carries out {@link AffinitySetStep}. */
export const affinitySet: ProcessStepDefinition<AffinitySetStep> = {
  wraps: true,
  walk({ cpus }) {
    const mask = formatBitMask(cpus, CPUS_MAX);
    check(schedSetaffinity(0, mask.length, mask), () => `sched_setaffinity(${cpus})`);
  },
  toShell: ({ cpus }) => [shellCommand("taskset", "--cpu-list", cpus)],
};

/** Carries out {@link PersonalitySetStep}. */
export const personalitySet: ProcessStepDefinition<PersonalitySetStep> = {
  wraps: true,
  walk({ domain }) {
    check(personality(domain === "LINUX32" ? PER_LINUX32 : 0), () => `personality(${domain})`);
  },
  toShell: ({ domain }) => [domain === "LINUX32" ? "setarch linux32" : "setarch linux64"],
};

/** Carries out {@link SysctlWriteStep}. The file is the host's, by which the kernel reaches the namespaces of who opens it. */
export const sysctlWrite: ProcessStepDefinition<SysctlWriteStep> = {
  walk({ key, value }) {
    const path = sysctlPath(key);
    const errno = writeProc(path, value);
    if (errno === 0) return;
    if (errno !== ENOENT) throw new KernelError(`write(${path}, ${value})`, errno);
    throw new NetdError("KERNEL_FEATURE_MISSING", `Cannot set sysctl '${key}': ${path} does not exist`, {
      remedy: "Use a kernel that has it, or check its name",
    });
  },
  toShell: ({ key, value }) => [shellCommand("sysctl", "--write", `${key}=${value}`)],
};

/** Carries out {@link TimeOffsetStep}. */
export const timeOffset: ProcessStepDefinition<TimeOffsetStep> = {
  walk({ clock, secs, nanosecs }) {
    const path = "/proc/self/timens_offsets";
    const errno = writeProc(path, `${clock} ${secs} ${nanosecs}`);
    if (errno !== 0) throw new KernelError(`write(${path}, ${clock} ${secs} ${nanosecs})`, errno);
  },
  toShell: ({ clock, secs, nanosecs }) => [
    `echo ${shellQuote(`${clock} ${secs} ${nanosecs}`)} > /proc/self/timens_offsets`,
  ],
};

/** Write to a file of /proc, after a look that it is one: a mount over it could catch what is written. Returns 0 or an errno. */
function writeProc(path: string, text: string): number {
  const fd = open(path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return lastErrno();
  const status = Buffer.alloc(256);
  check(fstatfs(fd, status), () => `fstatfs(${path})`);
  if (status.readBigInt64LE(0) !== PROC_SUPER_MAGIC) {
    close(fd);
    throw new NetdError("LAUNCH_FAILED", `Cannot write to ${path}: it is not a file of procfs`, {
      remedy: "Mount procfs on /proc of the host, with nothing over its files",
    });
  }
  const bytes = Buffer.from(text);
  const errno = Number(write(fd, bytes, bytes.length)) < 0 ? lastErrno() : 0;
  close(fd);
  return errno;
}
