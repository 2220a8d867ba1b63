/**
 * Steps of a further process in a running container. Pure.
 *
 * @module
 */
import type { SeccompProgram } from "../../kernel/index.ts";
import type { NamespaceKind, ProcessStep, StdioSource } from "../../kernel/process/index.ts";
import type { OciIdMapping, OciProcess, OciUser } from "../oci/config.ts";
import type { ProcessPlan } from "./container-steps.ts";
import { planIdentity } from "./identity-steps.ts";
import { hostIdOf } from "./user-namespace.ts";

/** What {@link planExec} needs besides the process. */
export interface PlanExecOptions {
  /** First process of the container, and our descriptor of it. */
  pid: number;
  pidfd: number;
  joinFiles: string[];
  stdin: StdioSource;
  stdout: StdioSource;
  stderr: StdioSource;
  /** Session keyring of the container. */
  keyring: string;
  /** The container's own filter. */
  seccomp?: SeccompProgram | undefined;
  /** So many descriptors from 3 on are the program's too. */
  preserveFds?: number;
  /** It has no mount namespace of its own, but a root directory below the host's. */
  sharesMounts?: boolean;
  /** Namespaces of the container that few have. */
  special?: SpecialNamespaces;
}

/** Namespaces that only a process with one thread can enter, hence here only a child of a child. */
export interface SpecialNamespaces {
  hasTime: boolean;
  /** Of its user namespace, when it has one. */
  user?: { uids: OciIdMapping[]; gids: OciIdMapping[] };
}

/** Plan a process that enters all namespaces of a container. */
export function planExec(process: OciProcess, options: PlanExecOptions): ProcessPlan {
  const { pidfd, joinFiles, stdin, stdout, stderr, special, keyring, seccomp, preserveFds = 0 } = options;
  const { consoleSize, user } = process;
  const terminal: ProcessStep = {
    op: "terminal.open",
    isConsole: false,
    root: "",
    uid: user.uid,
    ...(consoleSize === undefined ? {} : { size: { rows: consoleSize.height, columns: consoleSize.width } }),
  };
  return {
    pidNamespace: special === undefined ? { pidfd } : "host",
    steps: [
      { op: "stdio.open", stdin, stdout, stderr, ...ownerOf(user, special) },
      ...planAffinity(process.execCPUAffinity?.initial),
      { op: "cgroup.join", joinFiles },
      ...planAffinity(process.execCPUAffinity?.final),
      ...(process.oomScoreAdj === undefined ? [] : [{ op: "oom.adjust", score: process.oomScoreAdj } as const]),
      ...planEntering(options),
      { op: "keyring.join", name: keyring },
      options.sharesMounts === true ? { op: "root.enter" } : { op: "root.current" },
      ...(process.terminal === true ? [terminal] : []),
      ...planIdentity(process, { seccomp, preserveFds }),
    ],
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

function planAffinity(cpus: string | undefined): ProcessStep[] {
  return cpus === undefined ? [] : [{ op: "affinity.set", cpus }];
}

function planEntering({ pid, pidfd, special, sharesMounts = false }: PlanExecOptions): ProcessStep[] {
  const kinds: NamespaceKind[] = [...(sharesMounts ? [] : ["mount" as const]), "cgroup", "uts", "ipc", "network"];
  const session: ProcessStep = { op: "session.start" };
  // Before the namespaces: entering those of the process shows that it has lived on, and that the root is its own.
  const root: ProcessStep[] = sharesMounts ? [{ op: "root.find", pid }] : [];
  if (special === undefined) return [...root, session, { op: "namespaces.enter", kinds, pid, pidfd }];
  if (special.hasTime) kinds.push("time");
  if (special.user !== undefined) kinds.push("user");
  // The fork looks into our own /proc, so it goes first.
  return [
    ...root,
    { op: "process.fork", pidNamespace: { pid, pidfd } },
    session,
    { op: "namespaces.enter", kinds, pid, pidfd },
  ];
}

/** Who owns the streams, as the host sees it. */
function ownerOf({ uid, gid }: OciUser, special: SpecialNamespaces | undefined): { uid: number; gid: number } {
  if (special?.user === undefined) return { uid, gid };
  return { uid: hostIdOf(uid, special.user.uids) ?? 0, gid: hostIdOf(gid, special.user.gids) ?? 0 };
}
