/**
 * What a user namespace changes in a container's plan: what the host owns is opened before the process enters it. Pure.
 *
 * @module
 */
import type { ProcessStep } from "../../kernel/process/index.ts";
import type { OciConfig, OciIdMapping, OciNamespaceType } from "../oci/config.ts";

/** Namespace that owns each file system: its root alone may mount it. */
const OWNERS: Readonly<Record<string, OciNamespaceType>> = { proc: "pid", sysfs: "network", mqueue: "ipc" };

/** Whether a container has a user namespace, of its own or another's. */
export function hasUserNamespace({ linux }: OciConfig): boolean {
  return linux.namespaces.some(({ type }) => type === "user");
}

/** Translate an id of the container to the host's; undefined when it is not mapped. */
export function hostIdOf(id: number, mappings: readonly OciIdMapping[] | undefined): number | undefined {
  const range = mappings?.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return range === undefined ? undefined : range.hostID + id - range.containerID;
}

/** Who root of the container is on the host; where there is none, the first that is mapped. */
export function rootOf({ linux }: OciConfig): { uid: number; gid: number } {
  const { uidMappings, gidMappings } = linux;
  return {
    uid: hostIdOf(0, uidMappings) ?? uidMappings?.[0]?.hostID ?? 0,
    gid: hostIdOf(0, gidMappings) ?? gidMappings?.[0]?.hostID ?? 0,
  };
}

/** Plan the way into the user namespace that `fd` is a descriptor of. */
export function planUser({ linux }: OciConfig, fd: number): ProcessStep {
  const { namespaces, uidMappings = [], gidMappings = [] } = linux;
  const path = namespaces.find(({ type }) => type === "user")?.path;
  const ranges = (mappings: readonly OciIdMapping[]) =>
    mappings.map(({ containerID, hostID, size }) => `${containerID}:${hostID}:${size}`);
  return {
    ...{ op: "user.enter", fd, uids: ranges(uidMappings), gids: ranges(gidMappings) },
    hasRoot: uidMappings.length === 0 || hostIdOf(0, uidMappings) !== undefined,
    ...(path === undefined ? {} : { path }),
  };
}

/** Plan the opening of those mounts of `steps` that only the host may open: all binds, and file systems of namespaces that are not new. */
export function planOpenings(steps: readonly ProcessStep[], { linux }: OciConfig): ProcessStep[] {
  const isNew = (wanted: OciNamespaceType) =>
    linux.namespaces.some(({ type, path }) => type === wanted && path === undefined);
  return steps.flatMap((step): ProcessStep[] => {
    if (step.op === "mount.bind") return step.isMapped === true ? [] : [{ op: "mount.open", mount: step }];
    const owner = step.op === "mount.filesystem" ? OWNERS[step.type] : undefined;
    return step.op !== "mount.filesystem" || owner === undefined || isNew(owner)
      ? []
      : [{ op: "mount.open", mount: step }];
  });
}

/** Options of a file system without an owner that the user namespace does not know: the kernel would refuse them all. */
export function withoutUnmappedIds(data: readonly string[], { linux }: OciConfig): string[] {
  return data.filter((option) => {
    const [, kind, digits] = /^(uid|gid)=(\d+)$/.exec(option) ?? [];
    if (kind === undefined) return true;
    const mappings = kind === "uid" ? linux.uidMappings : linux.gidMappings;
    return mappings === undefined || hostIdOf(Number(digits), mappings) !== undefined;
  });
}
