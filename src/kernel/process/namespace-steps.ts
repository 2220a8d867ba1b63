/**
 * Steps that put a process into new or existing namespaces.
 *
 * Source: unshare(2), setns(2), linux/sched.h. The pid namespace is not here: a process enters one at its birth, so the fork does that.
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, open, setns, unshare } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import { becomeRoot } from "./become-root.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { O_CLOEXEC, O_RDONLY } from "./open-flags.ts";

/** Kinds of namespaces that a process can change for itself. */
export type NamespaceKind = "mount" | "cgroup" | "uts" | "ipc" | "network" | "user" | "time";

/** Flags of clone(2), also for `unshare` and `setns`. */
export const CLONE_FLAG: Record<NamespaceKind | "pid", number> = {
  time: 0x00000080,
  mount: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};

/** Names of util-linux's options, where they differ from the kinds. */
const SHELL_OPTION: Partial<Record<NamespaceKind, string>> = { network: "net" };

/** Make new namespaces. */
export interface NamespacesUnshareStep {
  op: "namespaces.unshare";
  kinds: NamespaceKind[];
}

/** Enter a pinned namespace. */
export interface NamespaceJoinStep {
  op: "namespace.join";
  kind: NamespaceKind;
  path: string;
}

/** Enter namespaces of a running process, all in one call; with its user namespace, become root of that. */
export interface NamespacesEnterStep {
  op: "namespaces.enter";
  kinds: NamespaceKind[];
  pid: number;
  /** Descriptor of that process in the parent, which the fork inherits. */
  pidfd: number;
}

/** Carries out {@link NamespacesUnshareStep}. */
export const namespacesUnshare: ProcessStepDefinition<NamespacesUnshareStep> = {
  wraps: true,
  walk({ kinds }) {
    check(unshare(flagsOf(kinds)), () => `unshare(${kinds.join(", ")})`);
  },
  toShell: ({ kinds }) => [`unshare ${kinds.map(optionOf).join(" ")}`],
};

/** Carries out {@link NamespaceJoinStep}. */
export const namespaceJoin: ProcessStepDefinition<NamespaceJoinStep> = {
  wraps: true,
  walk({ kind, path }) {
    const fd = openNamespace(path);
    check(setns(fd, CLONE_FLAG[kind]), () => `setns(${path}, ${kind})`);
    close(fd);
  },
  toShell: ({ kind, path }) => [`nsenter ${optionOf(kind)}=${shellQuote(path)}`],
};

/** Carries out {@link NamespacesEnterStep}. */
export const namespacesEnter: ProcessStepDefinition<NamespacesEnterStep> = {
  wraps: true,
  walk({ kinds, pid, pidfd }) {
    check(setns(pidfd, flagsOf(kinds)), () => `setns(pid ${pid}, ${kinds.join(", ")})`);
    if (kinds.includes("user")) becomeRoot();
  },
  toShell: ({ kinds, pid }) => [`nsenter --target=${pid} ${kinds.map(optionOf).join(" ")}`],
};

/** Open a pinned namespace, or one in /proc/PID/ns; the caller closes the descriptor. @throws {KernelError} */
export function openNamespace(path: string): number {
  return check(open(path, O_RDONLY | O_CLOEXEC, 0), () => `open(${path})`);
}

function flagsOf(kinds: readonly NamespaceKind[]): number {
  return kinds.reduce((flags, kind) => flags | CLONE_FLAG[kind], 0);
}

function optionOf(kind: NamespaceKind): string {
  return `--${SHELL_OPTION[kind] ?? kind}`;
}
