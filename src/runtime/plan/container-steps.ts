/**
 * From an OCI configuration to the steps that make a container. Pure.
 *
 * @module
 */
import type { CgroupLayout, SeccompProgram } from "../../kernel/index.ts";
import type { MountFlag, NamespaceKind, PidNamespace, ProcessStep } from "../../kernel/process/index.ts";
import type { OciConfig, OciMount, OciNamespace, OciSeccomp } from "../oci/config.ts";
import type { StartParams } from "../protocol.ts";
import { planDevices } from "./device-steps.ts";
import { planIdentity } from "./identity-steps.ts";
import { parseMountOptions } from "./mount-options.ts";

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
export function planContainer(params: StartParams, facts: HostFacts): ProcessPlan {
  const { config } = params;
  const { namespaces } = config.linux;
  const seccomp = config.linux.seccomp === undefined ? undefined : facts.compileSeccomp(config.linux.seccomp);
  const isNew = (type: OciNamespace["type"]) => namespaces.some((ns) => ns.type === type && ns.path === undefined);
  return {
    pidNamespace: isNew("pid") ? "new" : "host",
    steps: [
      planStdio(params),
      { op: "cgroup.join", joinFiles: facts.joinFiles },
      { op: "session.start" },
      ...planNamespaces(namespaces),
      ...(params.noNewKeyring === true ? [] : [{ op: "keyring.join", name: keyringName(params.containerId) } as const]),
      { op: "mount.propagation", propagation: "private" },
      planRoot(params),
      ...config.mounts.flatMap((mount) => planMount(mount, config, facts.cgroups)),
      ...planDevices(config),
      ...(config.process.cwd === "/"
        ? []
        : [{ op: "directory.make", root: config.root.path, path: config.process.cwd } as const]),
      ...planTerminal(config),
      ...planHostname(config),
      ...planProtectedPaths(config),
      ...(config.root.readonly === true ? [{ op: "root.readonly", path: config.root.path } as const] : []),
      { op: "root.pivot", path: config.root.path },
      ...(params.gate === undefined ? [] : [{ op: "gate.wait" } as const]),
      ...planIdentity(config.process, seccomp),
    ],
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

/** The session keyring of a container: runc's name for it. */
export function keyringName(containerId: string): string {
  return `_ses.${containerId}`;
}

function planStdio({ config, stdin, streamDir }: StartParams): ProcessStep {
  const { uid, gid } = config.process.user;
  const isTerminal = config.process.terminal === true;
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

function planRoot({ config, overlay }: StartParams): ProcessStep {
  const { path } = config.root;
  return overlay === undefined ? { op: "root.bind", path } : { op: "root.overlay", target: path, ...overlay };
}

function planMount(mount: OciMount, config: OciConfig, cgroups: CgroupLayout): ProcessStep[] {
  const root = config.root.path;
  const target = mount.destination;
  const { isBind, isRecursive, flags, data, propagation } = parseMountOptions(mount.options ?? []);
  if (mount.type === "cgroup" || mount.type === "cgroup2") return planCgroupView(mount, config, cgroups, flags);
  if (isBind || mount.type === "bind") {
    return [
      {
        op: "mount.bind",
        source: mount.source ?? "",
        root,
        target,
        isRecursive,
        flags,
        ...(propagation === undefined ? {} : { propagation }),
      },
    ];
  }
  const type = mount.type ?? "none";
  return [{ op: "mount.filesystem", type, source: mount.source ?? type, root, target, flags, data }];
}

/** The container's own cgroups: in version 2 one directory; in version 1 one for each hierarchy, on a tmpfs. */
function planCgroupView(
  { destination }: OciMount,
  config: OciConfig,
  cgroups: CgroupLayout,
  flags: MountFlag[],
): ProcessStep[] {
  const root = config.root.path;
  const { cgroupsPath } = config.linux;
  const view = (mountPoint: string, target: string): ProcessStep => ({
    op: "mount.bind",
    source: mountPoint + cgroupsPath,
    root,
    target,
    isRecursive: false,
    flags,
  });
  if (cgroups.version === "none") return [];
  if (cgroups.version === "v2") return [view(cgroups.unified ?? "", destination)];
  const steps: ProcessStep[] = [
    {
      op: "mount.filesystem",
      type: "tmpfs",
      source: "tmpfs",
      root,
      target: destination,
      flags: flags.filter((flag) => flag !== "ro"),
      data: ["mode=755"],
    },
  ];
  const seen = new Map<string, string>();
  for (const [controller, mountPoint] of Object.entries(cgroups.v1)) {
    const name = mountPoint.slice(mountPoint.lastIndexOf("/") + 1);
    if (!seen.has(mountPoint)) steps.push(view(mountPoint, `${destination}/${name}`));
    seen.set(mountPoint, name);
    if (name !== controller) steps.push({ op: "link.make", root, path: `${destination}/${controller}`, target: name });
  }
  if (flags.includes("ro")) steps.push({ op: "mount.flags", root, target: destination, flags: ["ro"] });
  return steps;
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
