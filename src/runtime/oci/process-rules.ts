/**
 * Rules for `process` of a configuration, which is also the document that `exec` takes.
 *
 * Source: runtime-spec config.md, "Process"; sched_setattr(2), ioprio_set(2), getrlimit(2).
 *
 * @module
 */
import { CAPABILITIES } from "../../kernel/process/index.ts";
import { absolutePath, numberList, strings, UINT64_MAX, uint16, uint32, uint64 } from "./basic-rules.ts";
import type { OciCapabilities, OciProcess, OciRlimit, OciScheduler, OciUser } from "./config.ts";
import {
  bigInteger,
  checked,
  flag,
  integer,
  list,
  object,
  oneOf,
  orElse,
  type Rule,
  refuse,
  required,
  show,
  text,
  unlessEmpty,
  type Warn,
} from "./rule.ts";

/** asm-generic/resource.h */
const RLIMITS = (
  "RLIMIT_AS RLIMIT_CORE RLIMIT_CPU RLIMIT_DATA RLIMIT_FSIZE RLIMIT_LOCKS RLIMIT_MEMLOCK RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_NOFILE " +
  "RLIMIT_NPROC RLIMIT_RSS RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING RLIMIT_STACK"
).split(" ");

/** linux/sched.h; those of the specification. */
const SCHEDULER_FLAGS = (
  "SCHED_FLAG_RESET_ON_FORK SCHED_FLAG_RECLAIM SCHED_FLAG_DL_OVERRUN SCHED_FLAG_KEEP_POLICY SCHED_FLAG_KEEP_PARAMS " +
  "SCHED_FLAG_UTIL_CLAMP_MIN SCHED_FLAG_UTIL_CLAMP_MAX"
).split(" ");

const UMASK_MAX = 0o777;
const OOM_SCORE_ADJ_MAX = 1000;
const IO_PRIORITY_MAX = 7;
const NICE_MIN = -20;
const NICE_MAX = 19;
const SCHEDULER_PRIORITY_MAX = 99;

const user = object<OciUser>({
  uid: orElse(uint32, () => 0),
  gid: orElse(uint32, () => 0),
  additionalGids: list(uint32),
  umask: integer(0, UMASK_MAX),
});

const capabilitySet = orElse(
  checked(strings, (names, path, warn) => names.filter((name, index) => isCapability(name, `${path}[${index}]`, warn))),
  () => [],
);

const capabilities = object<OciCapabilities>({
  bounding: capabilitySet,
  effective: capabilitySet,
  inheritable: capabilitySet,
  permitted: capabilitySet,
  ambient: capabilitySet,
});

const rlimits = checked(
  list(
    object<OciRlimit>({
      type: required(oneOf(RLIMITS)),
      soft: required(bigInteger(0, UINT64_MAX)),
      hard: required(bigInteger(0, UINT64_MAX)),
    }),
  ),
  checkRlimits,
);

const scheduler = checked(
  object<OciScheduler>({
    policy: required(
      oneOf(["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"]),
    ),
    nice: integer(NICE_MIN, NICE_MAX),
    priority: integer(0, SCHEDULER_PRIORITY_MAX),
    flags: list(oneOf(SCHEDULER_FLAGS)),
    runtime: uint64,
    deadline: uint64,
    period: uint64,
  }),
  checkScheduler,
);

/** Take `process`. */
export const processRule: Rule<OciProcess> = object<OciProcess>({
  terminal: flag,
  consoleSize: object({ height: required(uint16), width: required(uint16) }),
  user: orElse(user, () => ({ uid: 0, gid: 0 })),
  args: required(checked(strings, checkArgs)),
  env: orElse(checked(strings, lastOfEach), () => []),
  cwd: required(absolutePath),
  capabilities,
  rlimits,
  noNewPrivileges: flag,
  oomScoreAdj: integer(-OOM_SCORE_ADJ_MAX, OOM_SCORE_ADJ_MAX),
  ioPriority: object({
    class: required(oneOf(["IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"])),
    priority: orElse(integer(0, IO_PRIORITY_MAX), () => 0),
  }),
  scheduler,
  execCPUAffinity: object<NonNullable<OciProcess["execCPUAffinity"]>>({
    initial: unlessEmpty(numberList),
    final: unlessEmpty(numberList),
  }),
  apparmorProfile: unlessEmpty(text()),
  selinuxLabel: unlessEmpty(text()),
});

function isCapability(name: string, path: string, warn: Warn): boolean {
  if (CAPABILITIES.includes(name)) return true;
  warn(`Cannot give ${path}: there is no capability ${show(name)}, it is left out`);
  return false;
}

function checkArgs(args: string[], path: string): string[] {
  return args.length > 0 ? args : refuse(path, "it is empty", "the program to run is wanted as its first item");
}

/** Of variables that are set twice, keep the last, as a shell would. */
function lastOfEach(env: string[], path: string): string[] {
  const latest = new Map<string, string>();
  for (const [index, variable] of env.entries()) {
    const end = variable.indexOf("=");
    if (end < 1) refuse(`${path}[${index}]`, `it is ${show(variable)}`, "NAME=VALUE is wanted");
    latest.set(variable.slice(0, end), variable);
  }
  return [...latest.values()];
}

function checkRlimits(limits: OciRlimit[], path: string): OciRlimit[] {
  for (const [index, { type, soft, hard }] of limits.entries()) {
    const below = `${path}[${index}]`;
    if (limits.findIndex((limit) => limit.type === type) < index) {
      refuse(`${below}.type`, `${type} is in the list twice`, "each limit at most once is wanted");
    }
    if (BigInt(soft) > BigInt(hard))
      refuse(`${below}.soft`, `it is ${soft}`, `at most the hard limit ${hard} is wanted`);
  }
  return limits;
}

function checkScheduler(attributes: OciScheduler, path: string): OciScheduler {
  const { policy, priority = 0, runtime = 0, deadline = 0, period = 0 } = attributes;
  const isRealtime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
  if (priority !== 0 && !isRealtime)
    refuse(`${path}.priority`, `the policy is ${policy}`, "SCHED_FIFO or SCHED_RR is wanted");
  if (policy !== "SCHED_DEADLINE" && (runtime !== 0 || deadline !== 0 || period !== 0)) {
    refuse(path, `it has runtime, deadline or period and the policy is ${policy}`, "SCHED_DEADLINE is wanted");
  }
  return attributes;
}
