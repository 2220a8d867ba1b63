/**
 * From an OCI configuration to the steps that make a container. Pure.
 *
 * @module
 */
import type { CgroupLayout, SeccompProgram } from "../../kernel/index.ts";
import type {
  NamespaceKind,
  PidNamespace,
  ProcessStep,
  RootBindStep,
  RootOverlayStep,
} from "../../kernel/process/index.ts";
import type { OciConfig, OciNamespace, OciProcess, OciSeccomp } from "../oci/config.ts";
import type { StartParams } from "../protocol.ts";
import { planDevices } from "./device-steps.ts";
import { planHooksInside, planHooksOutside, planWait } from "./hook-steps.ts";
import { planIdentity } from "./identity-steps.ts";
import { type MountPlan, planHostPropagation, planMounts, planRootEntry } from "./mount-steps.ts";
import type { OneShotParams } from "./one-shot-params.ts";
import { hasUserNamespace, hostIdOf, planOpenings, planUser, rootOf } from "./user-namespace.ts";

type AnyParams = StartParams | OneShotParams;

/** What a plan depends on besides its container. */
export interface HostFacts {
  cgroups: CgroupLayout;
  /** Files that a process writes itself into to join the container's cgroups. */
  joinFiles: string[];
  /** Makes the program of a filter; called when the configuration has one. */
  compileSeccomp: (profile: OciSeccomp) => SeccompProgram;
  /** Our descriptor of the container's user namespace, when it has one. */
  userNamespaceFd?: number;
}

/** A process to be born: into which pid namespace, and what it does until its exec. */
export interface ProcessPlan {
  pidNamespace: PidNamespace;
  steps: ProcessStep[];
  /** The filter among the steps, for what its listener wants. */
  seccomp?: SeccompProgram;
}

/** Plan the first process of a container, with all that isolates it. */
export function planContainer(params: AnyParams, facts: HostFacts): ProcessPlan {
  const { config } = params;
  const oneShot = "stdio" in params ? params : undefined;
  const seccomp = config.linux.seccomp === undefined ? undefined : facts.compileSeccomp(config.linux.seccomp);
  const filledVolumes = "filledVolumes" in params ? (params.filledVolumes ?? []) : [];
  const mounts = planMounts(config, { cgroups: facts.cgroups, filledVolumes });
  const inside = planInside(params, mounts);
  const fork = planFork(config);
  return {
    pidNamespace: fork.length === 0 && config.linux.namespaces.some(({ type }) => type === "pid") ? "new" : "host",
    steps: [
      ...("gate" in params && params.gate !== undefined ? [{ op: "gate.wait" } as const] : []),
      planStdio(params),
      { op: "cgroup.join", joinFiles: facts.joinFiles },
      ...planOomScore(config.process),
      ...(hasUserNamespace(config)
        ? planEnteringUser(params, facts, { mounts, inside })
        : planNamespaces(params, mounts, fork)),
      ...inside,
      ...(oneShot === undefined ? [] : planHooksOutside(oneShot)),
      ...planRootEntry(config, params.isRootMoved === true),
      ...planDomain(config),
      ...planIdentity(config.process, {
        seccomp,
        init: hasInit(params) ? { isTerminal: config.process.terminal === true } : undefined,
        preserveFds: oneShot?.preserveFds ?? 0,
        ...(oneShot === undefined ? {} : { wait: planWait(oneShot), hooks: planHooksInside(oneShot) }),
      }),
    ],
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

/** What the kernel shall take the process for, and where it takes its memory. */
function planDomain({ linux: { personality, memoryPolicy } }: OciConfig): ProcessStep[] {
  const steps: ProcessStep[] = [];
  if (personality !== undefined) steps.push({ op: "personality.set", domain: personality.domain });
  if (memoryPolicy !== undefined) steps.push({ op: "memory.place", flags: [], ...memoryPolicy });
  return steps;
}

/** The session keyring of a container: runc's name for it. */
export function keyringName(containerId: string): string {
  return `_ses.${containerId}`;
}

/** What the process's keys are in; root of a user namespace may have only what is made in it. */
function planKeyring({ noNewKeyring, containerId }: AnyParams): ProcessStep[] {
  return noNewKeyring === true ? [] : [{ op: "keyring.join", name: keyringName(containerId) }];
}

/**
 * A process that is born enters no user, time or pinned pid namespace, only its child does: then nothing of them is left to the birth. None
 * otherwise.
 */
function planFork({ linux: { namespaces } }: OciConfig): ProcessStep[] {
  const pid = namespaces.find(({ type }) => type === "pid");
  const isNeeded = pid?.path !== undefined || namespaces.some(({ type }) => type === "user" || type === "time");
  if (!isNeeded) return [];
  const pidNamespace = pid === undefined ? "same" : pid.path === undefined ? "new" : { path: pid.path };
  return [{ op: "process.fork", pidNamespace }];
}

/** From the host into namespaces that the birth has not made, with the root file system. */
function planNamespaces(params: AnyParams, mounts: MountPlan, fork: readonly ProcessStep[]): ProcessStep[] {
  const { config } = params;
  const session: ProcessStep = { op: "session.start" };
  return [
    ...(fork.length === 0 ? [session] : []),
    ...mounts.before,
    ...planJoined(config.linux.namespaces),
    ...planTime(config),
    ...planMade(config.linux.namespaces),
    ...(fork.length === 0 ? [] : [...fork, session]),
    ...planKeyring(params),
    ...planHostPropagation(config),
    planRoot(params),
  ];
}

/**
 * The same with a user namespace. What is the host's is joined and opened first; the other namespaces are made in the user namespace, so that it
 * owns them; and only a child is in the new pid namespace.
 */
function planEnteringUser(
  params: AnyParams,
  facts: HostFacts,
  { mounts, inside }: { mounts: MountPlan; inside: readonly ProcessStep[] },
): ProcessStep[] {
  const { config } = params;
  const { namespaces } = config.linux;
  const fd = facts.userNamespaceFd ?? -1;
  return [
    ...mounts.before,
    ...planJoined(namespaces),
    ...planTime(config),
    {
      op: "root.open",
      root: planRoot(params),
      ...(overlayOf(params) === undefined ? {} : { map: { fd, ...rootOf(config) } }),
    },
    ...planOpenings(inside, config),
    ...planSysctls(config, "host"),
    planUser(config, fd),
    ...planMade(namespaces),
    ...planFork(config),
    { op: "session.start" },
    ...planKeyring(params),
    ...planHostPropagation(config),
    { op: "root.attach" },
  ];
}

/** A new time namespace is its children's, and has its offsets before there are any. */
function planTime({ linux: { namespaces, timeOffsets = {} } }: OciConfig): ProcessStep[] {
  if (!namespaces.some(({ type, path }) => type === "time" && path === undefined)) return [];
  return [
    { op: "namespaces.unshare", kinds: ["time"] },
    ...Object.entries(timeOffsets).map(
      ([clock, { secs = 0, nanosecs = 0 }]): ProcessStep => ({ op: "time.offset", clock, secs, nanosecs }),
    ),
  ];
}

function planOomScore({ oomScoreAdj }: OciProcess): ProcessStep[] {
  return oomScoreAdj === undefined ? [] : [{ op: "oom.adjust", score: oomScoreAdj }];
}

/** What fills the root file system, before it is entered. */
function planInside(params: AnyParams, mounts: MountPlan): ProcessStep[] {
  const { config } = params;
  return [
    ...mounts.mounts,
    ...planDevices(config, overlayOf(params) !== undefined),
    ...(config.process.cwd === "/"
      ? []
      : [{ op: "directory.make", root: config.root.path, path: config.process.cwd } as const]),
    ...planTerminal(config, hasInit(params)),
    ...planNames(config),
    ...planSysctls(config, "own"),
    ...planProtectedPaths(config),
    ...mounts.after,
    ...(config.root.readonly === true ? [{ op: "root.readonly", path: config.root.path } as const] : []),
  ];
}

function planStdio(params: AnyParams): ProcessStep {
  const { config } = params;
  const { uid, gid } = stdioOwner(config);
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

/** Who owns the FIFOs, as the host sees it. An id that nobody can translate is left to root. */
function stdioOwner(config: OciConfig): { uid: number; gid: number } {
  const { uid, gid } = config.process.user;
  if (!hasUserNamespace(config)) return { uid, gid };
  const { uidMappings, gidMappings } = config.linux;
  return { uid: hostIdOf(uid, uidMappings) ?? 0, gid: hostIdOf(gid, gidMappings) ?? 0 };
}

function planJoined(namespaces: readonly OciNamespace[]): ProcessStep[] {
  return namespaces.flatMap(({ type, path }): ProcessStep[] =>
    path === undefined || type === "pid" || type === "user" ? [] : [{ op: "namespace.join", kind: type, path }],
  );
}

function planMade(namespaces: readonly OciNamespace[]): ProcessStep[] {
  const kinds = namespaces.flatMap(({ type, path }): NamespaceKind[] =>
    path !== undefined || type === "pid" || type === "user" || type === "time" ? [] : [type],
  );
  return kinds.length === 0 ? [] : [{ op: "namespaces.unshare", kinds }];
}

function planRoot(params: AnyParams): RootBindStep | RootOverlayStep {
  const { path } = params.config.root;
  const overlay = overlayOf(params);
  return overlay === undefined ? { op: "root.bind", path } : { op: "root.overlay", target: path, ...overlay };
}

function overlayOf(params: AnyParams): StartParams["overlay"] {
  return "overlay" in params ? params.overlay : undefined;
}

function hasInit(params: AnyParams): boolean {
  return "init" in params && params.init === true;
}

function planTerminal({ process, root }: OciConfig, isForChild: boolean): ProcessStep[] {
  if (process.terminal !== true) return [];
  const { consoleSize } = process;
  return [
    {
      op: "terminal.open",
      isConsole: true,
      ...(isForChild ? { isForChild } : {}),
      root: root.path,
      uid: process.user.uid,
      ...(consoleSize === undefined ? {} : { size: { rows: consoleSize.height, columns: consoleSize.width } }),
    },
  ];
}

/** Names need a UTS namespace that is the container's own. */
function planNames({ hostname, domainname, linux }: OciConfig): ProcessStep[] {
  if (!linux.namespaces.some(({ type }) => type === "uts")) return [];
  return [
    ...(hostname === undefined ? [] : [{ op: "hostname.set", hostname } as const]),
    ...(domainname === undefined ? [] : [{ op: "domainname.set", domainname } as const]),
  ];
}

/** Root of a user namespace may write only what that owns: those of a joined network namespace are the host's to write, before. */
function planSysctls(config: OciConfig, whose: "own" | "host"): ProcessStep[] {
  const isHosts = (key: string) =>
    hasUserNamespace(config) &&
    /^net[./]/.test(key) &&
    config.linux.namespaces.some(({ type, path }) => type === "network" && path !== undefined);
  return Object.entries(config.linux.sysctl ?? {})
    .filter(([key]) => isHosts(key) === (whose === "host"))
    .map(([key, value]) => ({ op: "sysctl.write", key, value }));
}

function planProtectedPaths({ linux, root }: OciConfig): ProcessStep[] {
  return [
    ...(linux.readonlyPaths ?? []).map((path): ProcessStep => ({ op: "path.readonly", root: root.path, path })),
    ...(linux.maskedPaths ?? []).map((path): ProcessStep => ({ op: "path.mask", root: root.path, path })),
  ];
}
