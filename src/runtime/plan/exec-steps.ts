/**
 * Steps of a further process in a running container. Pure.
 *
 * @module
 */
import type { SeccompProgram } from "../../kernel/index.ts";
import type { ProcessStep, StdioSource } from "../../kernel/process/index.ts";
import type { OciProcess } from "../oci/config.ts";
import type { ProcessPlan } from "./container-steps.ts";
import { planIdentity } from "./identity-steps.ts";

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
}

/** Plan a process that enters all namespaces of a container. */
export function planExec(process: OciProcess, options: PlanExecOptions): ProcessPlan {
  const { pid, pidfd, joinFiles, stdin, stdout, stderr, keyring, seccomp, preserveFds = 0 } = options;
  const { consoleSize, user } = process;
  const terminal: ProcessStep = {
    op: "terminal.open",
    isConsole: false,
    root: "",
    uid: user.uid,
    ...(consoleSize === undefined ? {} : { size: { rows: consoleSize.height, columns: consoleSize.width } }),
  };
  return {
    pidNamespace: { pidfd },
    steps: [
      { op: "stdio.open", stdin, stdout, stderr, uid: user.uid, gid: user.gid },
      { op: "cgroup.join", joinFiles },
      { op: "session.start" },
      { op: "namespaces.enter", kinds: ["mount", "cgroup", "uts", "ipc", "network"], pid, pidfd },
      { op: "keyring.join", name: keyring },
      { op: "root.current" },
      ...(process.terminal === true ? [terminal] : []),
      ...planIdentity(process, { seccomp, preserveFds }),
    ],
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}
