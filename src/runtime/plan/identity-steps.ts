/**
 * The last steps of a process, the same for a container's first and for later ones: who it is, what it may, what it runs. Pure.
 *
 * @module
 */
import type { SeccompProgram } from "../../kernel/index.ts";
import type { ProcessStep } from "../../kernel/process/index.ts";
import type { OciProcess } from "../oci/config.ts";

/** umask of a process that wants no other. */
const DEFAULT_UMASK = 0o022;

/** What {@link planIdentity} adds for some. */
export interface PlanIdentityOptions {
  seccomp?: SeccompProgram | undefined;
  /** So many descriptors from 3 on are the program's too. */
  preserveFds?: number;
  /** Leave an init behind; it gives the command its terminal. */
  init?: { isTerminal: boolean } | undefined;
  /** Wait for the start, when nothing but hooks and the exec are left to do. */
  wait?: ProcessStep[];
  /** Hooks that run as the program will: behind the filter. */
  hooks?: ProcessStep[];
}

/**
 * Plan from the entered root to the exec. The order is the kernel's: each step takes away what only earlier ones need. A filter is loaded
 * as late as it can be: after no_new_privs nobody needs a capability for that, else before they go. One with a listener is loaded before
 * the wait for a start, while the parent is there to take it.
 */
export function planIdentity(process: OciProcess, options: PlanIdentityOptions = {}): ProcessStep[] {
  const { user, capabilities } = process;
  const { seccomp, preserveFds = 0, init, wait = [], hooks = [] } = options;
  const isFrozen = process.noNewPrivileges === true;
  // As in runc, an empty one is none.
  const isHomeless = !process.env.some((entry) => entry.startsWith("HOME=") && entry !== "HOME=");
  const hasListener = seccomp?.listener !== undefined;
  const filter: ProcessStep[] =
    seccomp === undefined ? [] : [{ op: "seccomp.load", program: seccomp.program, flags: seccomp.flags }];
  return [
    {
      op: "descriptors.close",
      ...(hasListener ? { keepsAnswers: true } : {}),
      ...(preserveFds === 0 ? {} : { preserved: preserveFds }),
    },
    ...(isHomeless ? [{ op: "home.find", uid: user.uid } as const] : []),
    { op: "directory.enter", path: process.cwd },
    { op: "umask.set", mask: user.umask ?? DEFAULT_UMASK },
    ...planScheduling(process),
    ...(process.rlimits ?? []).map((limit): ProcessStep => ({ op: "rlimit.set", ...limit })),
    ...(capabilities === undefined ? [] : [{ op: "capabilities.bound", bounding: capabilities.bounding } as const]),
    ...(isFrozen ? [] : filter),
    { op: "user.set", uid: user.uid, gid: user.gid, additionalGids: user.additionalGids ?? [] },
    ...planCapabilitySets(process),
    ...(isFrozen ? [{ op: "privileges.freeze" } as const] : []),
    { op: "signals.reset" },
    ...(isFrozen && hasListener ? filter : []),
    ...wait,
    ...(isFrozen && !hasListener ? filter : []),
    ...hooks,
    ...(init === undefined ? [] : [{ op: "process.init", ...init } as const]),
    isHomeless
      ? { op: "exec", args: process.args, env: process.env.filter((entry) => entry !== "HOME="), takesHome: true }
      : { op: "exec", args: process.args, env: process.env },
  ];
}

/** Late: a child of a process with a deadline can't be. */
function planScheduling({ scheduler, ioPriority }: OciProcess): ProcessStep[] {
  return [
    ...(scheduler === undefined ? [] : [{ op: "scheduler.set", ...scheduler } as const]),
    ...(ioPriority === undefined ? [] : [{ op: "io.prioritize", ...ioPriority } as const]),
  ];
}

function planCapabilitySets({ capabilities }: OciProcess): ProcessStep[] {
  if (capabilities === undefined) return [];
  const { effective, permitted, inheritable, ambient } = capabilities;
  return [{ op: "capabilities.set", effective, permitted, inheritable, ambient }];
}
