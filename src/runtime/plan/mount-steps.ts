/**
 * From the mounts of a configuration to their steps. Pure.
 *
 * Source: runtime-spec config.md "Mounts"; mount(8). Where the specification is silent, what runc does.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { CgroupLayout } from "../../kernel/index.ts";
import type { MountFlag, MountPropagation, ProcessStep } from "../../kernel/process/index.ts";
import type { OciConfig, OciIdMapping, OciMount } from "../oci/config.ts";
import type { FilledVolume } from "../protocol.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";
import { hasUserNamespace, withoutUnmappedIds } from "./user-namespace.ts";

/** What {@link planMounts} needs besides the configuration. */
export interface PlanMountsOptions {
  cgroups: CgroupLayout;
  /** Volumes that get what the image has in their place, while they are empty. */
  filledVolumes?: readonly FilledVolume[];
}

/** Steps of mounts, by when they are taken. */
export interface MountPlan {
  /** Before the process has namespaces of its own. */
  before: ProcessStep[];
  /** In the order of the configuration. */
  mounts: ProcessStep[];
  /** When all is in its place: what becomes read-only only now. */
  after: ProcessStep[];
}

/**
 * Plan all mounts.
 *
 * @throws {NetdError} OCI_CONFIG_INVALID for options that contradict each other, FEATURE_UNSUPPORTED for labels
 */
export function planMounts(config: OciConfig, options: PlanMountsOptions): MountPlan {
  refuseLabel(config);
  const plan: MountPlan = { before: [], mounts: [], after: [] };
  config.mounts.forEach((mount, index) => {
    planMount({ mount, index, config, parsed: parseMountOptions(mount.options ?? []) }, options, plan);
  });
  return plan;
}

/** Whether a container has mounts that are not the host's. */
export function hasMountNamespace({ linux }: Pick<OciConfig, "linux">): boolean {
  return linux.namespaces.some(({ type }) => type === "mount");
}

/**
 * How the mounts of the host are seen by the new namespace; as in runc, slaves of the host's when nothing is said. Without a namespace they
 * are the host's, and stay as they are.
 */
export function planHostPropagation(config: OciConfig): ProcessStep[] {
  if (!hasMountNamespace(config)) return [];
  const { linux, root } = config;
  const wanted = linux.rootfsPropagation;
  const isShared = wanted === "shared" || wanted === "rshared";
  if (isShared) return [{ op: "mount.propagation", propagation: wanted, hiddenPath: root.path }];
  const isPrivate = wanted !== undefined && !/slave$/.test(wanted);
  return [{ op: "mount.propagation", propagation: isPrivate ? "rprivate" : "rslave" }];
}

/** Enter the root, and share it as the configuration says. The root of the host's mounts may not be exchanged: then only the process's own is. */
export function planRootEntry(config: OciConfig, isMoved: boolean): ProcessStep[] {
  const { linux, root } = config;
  const { path } = root;
  if (!hasMountNamespace(config)) return [{ op: "root.enter", path }];
  const propagation = linux.rootfsPropagation;
  const isShared = propagation === "shared" || propagation === "rshared";
  if (isMoved && (propagation === "private" || propagation === "rprivate")) {
    throw new NetdError(
      "OCI_CONFIG_INVALID",
      `Cannot use linux.rootfsPropagation '${propagation}' without pivot_root: mounts of the host would stay in sight, another value wanted`,
      { remedy: "Leave '--no-pivot' out, or linux.rootfsPropagation" },
    );
  }
  return [
    ...(isMoved
      ? ([{ op: "root.move", path }, { op: "root.enter" }] as const)
      : ([{ op: "root.pivot", path, ...(isShared ? { isShared } : {}) }] as const)),
    ...(propagation === undefined || propagation === "private" || propagation === "rprivate"
      ? []
      : [{ op: "root.propagation", propagation } as const]),
  ];
}

interface Mount {
  mount: OciMount;
  /** Place in the list, for messages. */
  index: number;
  config: OciConfig;
  parsed: MountOptions;
}

function planMount(one: Mount, options: PlanMountsOptions, plan: MountPlan): void {
  const { mount, config, parsed } = one;
  const { path: root } = config.root;
  const { destination: target } = mount;
  const isBind = parsed.isBind || mount.type === "bind";
  if (parsed.copiesUp && mount.type !== "tmpfs") throw invalid(one, "option 'tmpcopyup' belongs to a tmpfs");
  if (parsed.isRemount) planRemount(one, isBind, plan);
  else if (mount.type === "cgroup") plan.mounts.push(...planCgroupView(one, options.cgroups));
  else if (mount.type === "cgroup2" && !isBind) plan.mounts.push(planCgroup2(one, options.cgroups));
  else if (isBind) {
    const filled = options.filledVolumes?.find(({ destination }) => destination === target);
    if (filled !== undefined) {
      plan.mounts.push({ op: "volume.fill", volume: sourceOf(one), marker: filled.marker, root, path: target });
    }
    plan.mounts.push(planBind(one, plan));
  } else planFilesystem(one, plan);
}

function planBind(one: Mount, plan: MountPlan): ProcessStep {
  const { mount, config, parsed } = one;
  const source = sourceOf(one);
  const { destination: target, uidMappings, gidMappings } = mount;
  const isMapped = parsed.mapsIds !== undefined || uidMappings !== undefined || gidMappings !== undefined;
  if (isMapped) {
    const uids = uidMappings ?? config.linux.uidMappings ?? [];
    const gids = gidMappings ?? config.linux.gidMappings ?? [];
    if (uids.length === 0 || gids.length === 0) throw invalid(one, "mapped ids need uidMappings and gidMappings");
    plan.before.push({
      op: "mount.clone-mapped",
      source,
      target,
      isRecursive: parsed.isRecursive,
      mapsRecursively: parsed.mapsIds === "all",
      uids: uids.map(copyMapping),
      gids: gids.map(copyMapping),
    });
  }
  return {
    op: "mount.bind",
    source,
    root: config.root.path,
    target,
    isRecursive: parsed.isRecursive,
    flags: parsed.flags,
    ...(parsed.cleared.length === 0 ? {} : { cleared: parsed.cleared }),
    ...(isMapped ? { isMapped } : {}),
    ...finishOf(parsed),
  };
}

function planFilesystem(one: Mount, plan: MountPlan): void {
  const { mount, config, parsed } = one;
  const { path: root } = config.root;
  const { destination: target, type = "none" } = mount;
  if (mount.uidMappings !== undefined || parsed.mapsIds !== undefined) {
    throw invalid(one, `a mount of type '${type}' can't have mapped ids, a bind can`);
  }
  const flags = planLateFlags(one, plan);
  const { oldFlags, superblock, copiesUp, data } = parsed;
  plan.mounts.push({
    op: "mount.filesystem",
    type,
    source: mount.source ?? type,
    root,
    target,
    flags,
    data: [
      ...(flags.includes("ro") ? ["ro"] : []),
      ...superblock,
      ...(hasUserNamespace(config) ? withoutUnmappedIds(data, config) : data),
    ],
    ...(oldFlags.length === 0 ? {} : { oldFlags }),
    ...(copiesUp ? { copiesUp } : {}),
    ...finishOf(parsed),
  });
}

function planRemount(one: Mount, isBind: boolean, plan: MountPlan): void {
  const { mount, config, parsed } = one;
  const { path: root } = config.root;
  const { destination: target } = mount;
  const { flags, oldFlags, superblock, data } = parsed;
  if (isBind) {
    plan.mounts.push({ op: "mount.flags", root, target, flags, ...finishOf(parsed) });
    return;
  }
  const now = planLateFlags(one, plan);
  plan.mounts.push({ op: "mount.reconfigure", root, target, flags: now, oldFlags, data: [...superblock, ...data] });
}

/** The flags to mount with: what others mount into, or make device nodes in, becomes read-only last. */
function planLateFlags({ mount, config, parsed: { flags } }: Mount, plan: MountPlan): MountFlag[] {
  const { destination: target, type } = mount;
  if (!flags.includes("ro") || (type !== "tmpfs" && target !== "/dev")) return flags;
  plan.after.push({ op: "mount.flags", root: config.root.path, target, flags });
  return flags.filter((flag) => flag !== "ro");
}

/** The container's own cgroups: in version 2 one directory; in version 1 one for each hierarchy, on a tmpfs. */
function planCgroupView(one: Mount, cgroups: CgroupLayout): ProcessStep[] {
  const { mount, config, parsed } = one;
  const { destination } = mount;
  const { flags } = parsed;
  const root = config.root.path;
  if (cgroups.version === "none") return [];
  if (cgroups.version === "v2") return [planCgroup2(one, cgroups)];
  const isReadonly = flags.includes("ro");
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
    if (!seen.has(mountPoint)) steps.push(cgroupDirectory(one, mountPoint, `${destination}/${name}`));
    seen.set(mountPoint, name);
    if (name !== controller) steps.push({ op: "link.make", root, path: `${destination}/${controller}`, target: name });
  }
  if (isReadonly) steps.push({ op: "mount.flags", root, target: destination, flags });
  return steps;
}

/**
 * Version 2: the container's own directory; without a cgroup namespace the whole tree, in which its path is told by /proc. A user namespace
 * may not mount the tree of a cgroup namespace that is not its own.
 */
function planCgroup2(one: Mount, cgroups: CgroupLayout): ProcessStep {
  const { mount, config, parsed } = one;
  const hasNamespace = config.linux.namespaces.some(({ type }) => type === "cgroup");
  if ((hasNamespace || hasUserNamespace(config)) && cgroups.unified !== undefined) {
    return cgroupDirectory(one, cgroups.unified, mount.destination);
  }
  return {
    op: "mount.filesystem",
    type: "cgroup2",
    source: mount.source ?? "cgroup",
    root: config.root.path,
    target: mount.destination,
    flags: parsed.flags,
    data: parsed.data,
    ...finishOf(parsed),
  };
}

function cgroupDirectory({ config, parsed }: Mount, mountPoint: string, target: string): ProcessStep {
  const isCovered = parsed.propagation.length > 0 || isCutOff(config);
  const propagation: MountPropagation[] = isCovered ? parsed.propagation : ["rprivate"];
  return {
    op: "mount.bind",
    source: mountPoint + config.linux.cgroupsPath,
    root: config.root.path,
    target,
    isRecursive: false,
    flags: parsed.flags,
    ...(propagation.length === 0 ? {} : { propagation }),
  };
}

/** The host's mounts are private copies already. */
function isCutOff({ linux }: OciConfig): boolean {
  return /private$|unbindable$/.test(linux.rootfsPropagation ?? "");
}

function finishOf({
  tree,
  propagation,
}: MountOptions): Pick<Extract<ProcessStep, { op: "mount.bind" }>, "tree" | "propagation"> {
  return {
    ...(tree === undefined ? {} : { tree }),
    ...(propagation.length === 0 ? {} : { propagation }),
  };
}

function sourceOf(one: Mount): string {
  const { source } = one.mount;
  if (source !== undefined && source !== "") return source;
  throw invalid(one, "a bind mount needs a source");
}

function copyMapping({ containerID, hostID, size }: OciIdMapping): OciIdMapping {
  return { containerID, hostID, size };
}

function refuseLabel({ linux }: OciConfig): void {
  if (linux.mountLabel === undefined || linux.mountLabel === "") return;
  throw new NetdError(
    "FEATURE_UNSUPPORTED",
    `Cannot label the container's files '${linux.mountLabel}': SELinux is not supported, an empty linux.mountLabel wanted`,
    { remedy: "Remove linux.mountLabel from the configuration" },
  );
}

function invalid({ index, mount }: Mount, why: string): NetdError {
  return new NetdError("OCI_CONFIG_INVALID", `Cannot mount on '${mount.destination}': mounts[${index}]: ${why}`, {
    remedy: `Correct mounts[${index}] of the configuration`,
  });
}
