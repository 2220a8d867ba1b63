/**
 * The last steps of a process, the same for a container's first and for later ones: who it is, what it may, what it runs. Pure.
 *
 * @module
 */
import type { ProcessStep } from "../../kernel/process/index.ts";
import type { OciProcess } from "../oci/config.ts";

/** umask of a process that wants no other. */
const DEFAULT_UMASK = 0o022;

/** Plan from the entered root to the exec. The order is the kernel's: each step takes away what only earlier ones need. */
export function planIdentity(process: OciProcess): ProcessStep[] {
  const { user, capabilities } = process;
  return [
    { op: "descriptors.close" },
    { op: "directory.enter", path: process.cwd },
    { op: "umask.set", mask: user.umask ?? DEFAULT_UMASK },
    ...(process.rlimits ?? []).map((limit): ProcessStep => ({ op: "rlimit.set", ...limit })),
    ...(capabilities === undefined ? [] : [{ op: "capabilities.bound", bounding: capabilities.bounding } as const]),
    { op: "user.set", uid: user.uid, gid: user.gid, additionalGids: user.additionalGids ?? [] },
    ...planCapabilitySets(process),
    ...(process.noNewPrivileges === true ? [{ op: "privileges.freeze" } as const] : []),
    { op: "signals.reset" },
    { op: "exec", args: process.args, env: process.env },
  ];
}

function planCapabilitySets({ capabilities }: OciProcess): ProcessStep[] {
  if (capabilities === undefined) return [];
  const { effective, permitted, inheritable, ambient } = capabilities;
  return [{ op: "capabilities.set", effective, permitted, inheritable, ambient }];
}
