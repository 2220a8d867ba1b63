/**
 * From an OCI configuration to the steps that make a container. Pure.
 *
 * @module
 */
import type { CgroupLayout, SeccompProgram } from "../../kernel/index.ts";
import type { NamespaceKind, PidNamespace, ProcessStep } from "../../kernel/process/index.ts";
import type { OciConfig, OciNamespace, OciSeccomp } from "../oci/config.ts";
import type { StartParams } from "../protocol.ts";
import { planDevices } from "./device-steps.ts";
import { planHooksInside, planHooksOutside } from "./hook-steps.ts";
import { planIdentity } from "./identity-steps.ts";
import { planHostPropagation, planMounts, planRootEntry } from "./mount-steps.ts";
import type { OneShotParams } from "./one-shot-params.ts";

/** What a plan depends on besides its container. */
export interface HostFacts {
  cgroups: CgroupLayout;
  /** Files that a process writes itself into to join the container's cgroups. */
  joinFiles: string[];
  /** Makes the program of a filter; called when the configuration has one. */
  compileSeccomp: (profile: OciSeccomp) => SeccompProgram;
}

/** A process to be born: into which pid namespace, and what it does until its exec. */
export interface ProcessPlan {
  pidNamespace: PidNamespace;
  steps: ProcessStep[];
  /** The filter among the steps, for what its listener wants. */
  seccomp?: SeccompProgram;
}

/** Plan the first process of a container, with all that isolates it. */
export function planContainer(params: StartParams | OneShotParams, facts: HostFacts): ProcessPlan {
  const { config } = params;
  const oneShot = "stdio" in params ? params : undefined;
  const { namespaces } = config.linux;
  const seccomp = config.linux.seccomp === undefined ? undefined : facts.compileSeccomp(config.linux.seccomp);
  const filledVolumes = "filledVolumes" in params ? (params.filledVolumes ?? []) : [];
  const mounts = planMounts(config, { cgroups: facts.cgroups, filledVolumes });
  const isNew = (type: OciNamespace["type"]) => namespaces.some((ns) => ns.type === type && ns.path === undefined);
  return {
    pidNamespace: isNew("pid") ? "new" : "host",
    steps: [
      planStdio(params),
      { op: "cgroup.join", joinFiles: facts.joinFiles },
      { op: "session.start" },
      ...mounts.before,
      ...planNamespaces(namespaces),
      ...(params.noNewKeyring === true ? [] : [{ op: "keyring.join", name: keyringName(params.containerId) } as const]),
      planHostPropagation(config),
      planRoot(params),
      ...mounts.mounts,
      ...planDevices(config),
      ...(config.process.cwd === "/"
        ? []
        : [{ op: "directory.make", root: config.root.path, path: config.process.cwd } as const]),
      ...planTerminal(config),
      ...planHostname(config),
      ...planProtectedPaths(config),
      ...mounts.after,
      ...(config.root.readonly === true ? [{ op: "root.readonly", path: config.root.path } as const] : []),
      ...(oneShot === undefined ? [] : planHooksOutside(oneShot)),
      ...planRootEntry(config, params.isRootMoved === true),
      ...("gate" in params && params.gate !== undefined ? [{ op: "gate.wait" } as const] : []),
      ...planIdentity(config.process, {
        seccomp,
        preserveFds: oneShot?.preserveFds ?? 0,
        beforeExec: oneShot === undefined ? [] : planHooksInside(oneShot),
      }),
    ],
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

/** The session keyring of a container: runc's name for it. */
export function keyringName(containerId: string): string {
  return `_ses.${containerId}`;
}

function planStdio(params: StartParams | OneShotParams): ProcessStep {
  const { config } = params;
  const { uid, gid } = config.process.user;
  const isTerminal = config.process.terminal === true;
  if ("stdio" in params) {
    const none = { path: "/dev/null" };
    const sources = isTerminal ? { stdin: none, stdout: none, stderr: none } : params.stdio;
    return { op: "stdio.open", ...sources, uid, gid };
  }
  const { stdin, streamDir } = params;
  const at = (name: string) => ({ path: isTerminal ? "/dev/null" : `${streamDir}/${name}` });
  return {
    op: "stdio.open",
    stdin: stdin ? at("stdin") : { path: "/dev/null" },
    stdout: at("stdout"),
    stderr: at("stderr"),
    uid,
    gid,
  };
}

function planNamespaces(namespaces: readonly OciNamespace[]): ProcessStep[] {
  const joined: ProcessStep[] = [];
  const made: NamespaceKind[] = [];
  for (const { type, path } of namespaces) {
    if (type === "pid") continue;
    if (path === undefined) made.push(type);
    else joined.push({ op: "namespace.join", kind: type, path });
  }
  return [...joined, ...(made.length === 0 ? [] : [{ op: "namespaces.unshare", kinds: made } as const])];
}

function planRoot(params: StartParams | OneShotParams): ProcessStep {
  const { path } = params.config.root;
  const overlay = "overlay" in params ? params.overlay : undefined;
  return overlay === undefined ? { op: "root.bind", path } : { op: "root.overlay", target: path, ...overlay };
}

function planTerminal({ process, root }: OciConfig): ProcessStep[] {
  if (process.terminal !== true) return [];
  const { consoleSize } = process;
  return [
    {
      op: "terminal.open",
      isConsole: true,
      root: root.path,
      uid: process.user.uid,
      ...(consoleSize === undefined ? {} : { size: { rows: consoleSize.height, columns: consoleSize.width } }),
    },
  ];
}

/** A host name needs a UTS namespace that is the container's own. */
function planHostname({ hostname, linux }: OciConfig): ProcessStep[] {
  const isOwn = linux.namespaces.some(({ type }) => type === "uts");
  return hostname === undefined || !isOwn ? [] : [{ op: "hostname.set", hostname }];
}

function planProtectedPaths({ linux, root }: OciConfig): ProcessStep[] {
  return [
    ...(linux.readonlyPaths ?? []).map((path): ProcessStep => ({ op: "path.readonly", root: root.path, path })),
    ...(linux.maskedPaths ?? []).map((path): ProcessStep => ({ op: "path.mask", root: root.path, path })),
  ];
}
