/**
 * From a seccomp profile to the program that the kernel runs at each system call. Done in the parent, once a profile: a child gets plain
 * data.
 *
 * @module
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { check, errnoName } from "../errno.ts";
import { memfdCreate } from "../libc.ts";
import { AUDIT_ARCH_X86_64, INSTRUCTION_BYTES, INSTRUCTIONS_MAX, type LastCalls, writeNewCallGuard } from "./bpf.ts";
import { type LibSeccomp, loadLibSeccomp, type SeccompContext } from "./libseccomp.ts";
import {
  COMPARISON_BYTES,
  invalid,
  parseAction,
  parseFlags,
  SECCOMP_FLAGS,
  type SeccompProfile,
  type SeccompRule,
  writeComparisons,
} from "./seccomp-profile.ts";

/** A compiled profile: plain data, which survives JSON. */
export interface SeccompProgram {
  /** Array of struct sock_filter, base64. */
  program: string;
  /** Flags of seccomp(2). */
  flags: number;
  /** Who gets the descriptor on which the kernel tells of system calls; there is one when a rule's action is SCMP_ACT_NOTIFY. */
  listener?: { path: string; metadata: string };
}

const SCMP_FLTATR_CTL_OPTIMIZE = 8;
/** Sort the rules into a tree instead of a list. */
const OPTIMIZE_TREE = 2;
/** From so many rules on; libseccomp before 2.5.5 fails with a tree of none. */
const OPTIMIZE_FROM = 32;
const MFD_CLOEXEC = 1;
const EEXIST = 17;
const ENOSYS = 38;
/** Actions that let a new system call pass by themselves; a tracer knows what to do with it. */
const PERMISSIVE: readonly string[] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"];
const PROGRAMS_MAX = 64;

/** Compiles profiles and remembers the programs: thousands of containers share a handful of profiles. */
export class SeccompCompiler {
  #library: LibSeccomp | undefined;
  readonly #programs = new Map<string, SeccompProgram>();

  /**
   * Compile a profile. What this machine does not have (system calls of others) is left out, as with runc.
   *
   * @throws {NetdError} SECCOMP_PROFILE_INVALID naming what is wrong; KERNEL_FEATURE_MISSING without libseccomp
   */
  compile(profile: SeccompProfile): SeccompProgram {
    const key = JSON.stringify(profile);
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    this.#library ??= loadLibSeccomp();
    const compiled = compileProfile(profile, this.#library);
    const [oldest] = this.#programs.keys();
    if (this.#programs.size >= PROGRAMS_MAX && oldest !== undefined) this.#programs.delete(oldest);
    this.#programs.set(key, compiled);
    return compiled;
  }
}

function compileProfile(profile: SeccompProfile, library: LibSeccomp): SeccompProgram {
  const defaultAction = parseAction(profile.defaultAction, profile.defaultErrnoRet, "defaultAction");
  const listener = findListener(profile);
  const flags = parseFlags(profile) | (listener === undefined ? 0 : listenerFlags(profile));
  const context = library.init(defaultAction);
  if (context === null) throw invalid(`defaultAction is "${profile.defaultAction}"`, "an action that this kernel has");
  try {
    const archs = addArchitectures(profile, library, context);
    for (const [index, rule] of (profile.syscalls ?? []).entries()) {
      addRule(rule, `syscalls[${index}]`, { defaultAction, library, context });
    }
    if ((profile.syscalls ?? []).flatMap(({ names }) => names).length >= OPTIMIZE_FROM) {
      library.setAttribute(context, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
    }
    const filter = exportProgram(library, context);
    const program = Buffer.concat([guardNewCalls(profile, archs, library), filter]);
    const length = program.length / INSTRUCTION_BYTES;
    if (length > INSTRUCTIONS_MAX) throw invalid(`it makes ${length} instructions`, `at most ${INSTRUCTIONS_MAX}`);
    return { program: program.toString("base64"), flags, ...(listener === undefined ? {} : { listener }) };
  } finally {
    library.release(context);
  }
}

/** Where notifications go. The parent hears of the listener by a write, and gets it while the process waits: neither may be notified. */
function findListener(profile: SeccompProfile): SeccompProgram["listener"] {
  const { defaultAction, syscalls = [], listenerPath, listenerMetadata = "" } = profile;
  if (defaultAction === "SCMP_ACT_NOTIFY") throw invalid(`defaultAction is "${defaultAction}"`, "another action");
  const notified = syscalls.filter(({ action }) => action === "SCMP_ACT_NOTIFY").flatMap(({ names }) => names);
  if (notified.length === 0) return undefined;
  const own = notified.find((name) => name === "write" || name === "read");
  if (own !== undefined) throw invalid(`the action of "${own}" is SCMP_ACT_NOTIFY`, "another action");
  if (listenerPath === undefined || listenerPath === "") {
    throw invalid("an action is SCMP_ACT_NOTIFY and listenerPath is absent", "the path of a unix socket");
  }
  return { path: listenerPath, metadata: listenerMetadata };
}

/** With a listener the kernel can't answer TSYNC by the id of a thread that did not follow, so it wants another answer. */
function listenerFlags(profile: SeccompProfile): number {
  const { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_TSYNC } =
    SECCOMP_FLAGS;
  const isSynchronous = (parseFlags(profile) & SECCOMP_FILTER_FLAG_TSYNC) !== 0;
  return SECCOMP_FILTER_FLAG_NEW_LISTENER | (isSynchronous ? SECCOMP_FILTER_FLAG_TSYNC_ESRCH : 0);
}

/** Add the profile's architectures to the machine's own, and return the names and tokens of all. */
function addArchitectures(
  { architectures = [] }: SeccompProfile,
  library: LibSeccomp,
  context: SeccompContext,
): number[] {
  const tokens = new Set([library.nativeArch()]);
  for (const [index, name] of architectures.entries()) {
    const token = /^SCMP_ARCH_[A-Z0-9_]+$/.test(name)
      ? library.resolveArch(name.slice("SCMP_ARCH_".length).toLowerCase())
      : 0;
    if (token === 0)
      throw invalid(`architectures[${index}] is "${name}"`, "one of libseccomp, such as SCMP_ARCH_X86_64");
    const result = library.addArch(context, token);
    if (result < 0 && result !== -EEXIST) {
      throw invalid(`architectures[${index}] is "${name}"`, `one that goes with the others (${errnoName(-result)})`);
    }
    tokens.add(token);
  }
  return [...tokens];
}

interface RuleTarget {
  defaultAction: number;
  library: LibSeccomp;
  context: SeccompContext;
}

/** Add a rule for each of its names. Rules for the same system call are alternatives. */
function addRule(rule: SeccompRule, at: string, { defaultAction, library, context }: RuleTarget): void {
  const { names, args = [] } = rule;
  const action = parseAction(rule.action, rule.errnoRet, `${at}.action`);
  const comparisons = writeComparisons(args, at);
  // libseccomp has no use for a rule that says what the default says.
  if (action === defaultAction) return;
  for (const name of names) {
    const call = library.resolveCall(name);
    if (call === NO_SUCH_CALL) continue;
    for (const one of alternatives(args, comparisons)) {
      const count = one.length / COMPARISON_BYTES;
      const result = library.addRule(context, action, call, count, count === 0 ? null : one);
      if (result < 0 && result !== -EEXIST) {
        throw invalid(`${at} does not fit the rules before it for "${name}"`, `another rule (${errnoName(-result)})`);
      }
    }
  }
}

/** __NR_SCMP_ERROR */
const NO_SUCH_CALL = -1;

/** All comparisons together, or, when an argument is compared twice, each for itself: what runc and docker have always done. */
function alternatives(args: readonly { index: number }[], comparisons: Buffer): Buffer[] {
  if (new Set(args.map(({ index }) => index)).size === args.length) return [comparisons];
  return args.map((_arg, at) => comparisons.subarray(at * COMPARISON_BYTES, (at + 1) * COMPARISON_BYTES));
}

function exportProgram(library: LibSeccomp, context: SeccompContext): Buffer {
  const fd = check(memfdCreate("seccomp", MFD_CLOEXEC), () => "memfd_create(seccomp)");
  try {
    const result = library.exportProgram(context, fd);
    if (result < 0) throw invalid(`libseccomp can't compile it (${errnoName(-result)})`, "simpler rules");
    const program = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, program, 0, program.length, 0);
    return program;
  } finally {
    closeSync(fd);
  }
}

/** The part before the filter: "no such system call" for what is newer than the profile. */
function guardNewCalls(profile: SeccompProfile, archs: readonly number[], library: LibSeccomp): Buffer {
  const { defaultAction, defaultErrnoRet, syscalls = [] } = profile;
  if (PERMISSIVE.includes(defaultAction) || defaultErrnoRet === ENOSYS) return Buffer.alloc(0);
  const names = syscalls.flatMap((rule) => rule.names);
  const x32 = library.resolveArch("x32");
  const lastOf = (token: number): number | undefined => {
    const last = names.reduce((highest, name) => Math.max(highest, library.resolveCallOf(token, name)), -1);
    return last < 0 ? undefined : last;
  };
  const guarded = archs
    .filter((token) => token !== x32)
    .map((token): LastCalls => {
      const last = lastOf(token);
      const lastX32 = token === AUDIT_ARCH_X86_64 && archs.includes(x32) ? lastOf(x32) : undefined;
      return {
        arch: token,
        ...(last === undefined ? {} : { last }),
        ...(lastX32 === undefined ? {} : { lastX32 }),
      };
    })
    .filter(({ last, lastX32 }) => last !== undefined || lastX32 !== undefined);
  return guarded.length === 0 ? Buffer.alloc(0) : writeNewCallGuard(guarded, parseAction("SCMP_ACT_ERRNO", ENOSYS, ""));
}
