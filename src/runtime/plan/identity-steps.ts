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

/**
 * Plan from the entered root to the exec. The order is the kernel's: each step takes away what only earlier ones need. A filter is loaded
 * as late as it can be: after no_new_privs nobody needs a capability for that, else before they go.
 */
export function planIdentity(process: OciProcess, seccomp: SeccompProgram | undefined): ProcessStep[] {
  const { user, capabilities } = process;
  const isFrozen = process.noNewPrivileges === true;
  const filter: ProcessStep[] =
    seccomp === undefined ? [] : [{ op: "seccomp.load", program: seccomp.program, flags: seccomp.flags }];
  return [
    { op: "descriptors.close", ...(seccomp?.listener === undefined ? {} : { keepsAnswers: true }) },
    { op: "directory.enter", path: process.cwd },
    { op: "umask.set", mask: user.umask ?? DEFAULT_UMASK },
    ...(process.rlimits ?? []).map((limit): ProcessStep => ({ op: "rlimit.set", ...limit })),
    ...(capabilities === undefined ? [] : [{ op: "capabilities.bound", bounding: capabilities.bounding } as const]),
    ...(isFrozen ? [] : filter),
    { op: "user.set", uid: user.uid, gid: user.gid, additionalGids: user.additionalGids ?? [] },
    ...planCapabilitySets(process),
    ...(isFrozen ? [{ op: "privileges.freeze" } as const] : []),
    { op: "signals.reset" },
    ...(isFrozen ? filter : []),
    { op: "exec", args: process.args, env: process.env },
  ];
}

function planCapabilitySets({ capabilities }: OciProcess): ProcessStep[] {
  if (capabilities === undefined) return [];
  const { effective, permitted, inheritable, ambient } = capabilities;
  return [{ op: "capabilities.set", effective, permitted, inheritable, ambient }];
}
