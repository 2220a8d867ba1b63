/**
 * What a user asked for of a container's process and namespaces, in the words of an OCI configuration. Pure.
 *
 * @module
 */
import type { ContainerSpec, IdMap } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { OciConfig, OciIdMapping, OciNamespace, OciProcess } from "../runtime/index.ts";

/** Limits by the names that docker has for them (docker/go-units). */
const ULIMITS = "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
  " ",
);
/** What docker lets a container set: parameters that its namespaces have for themselves (docker/cli opts). */
const SYSCTLS =
  "kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced".split(
    " ",
  );
const SYSCTL_PREFIXES = ["net.", "fs.mqueue."];
/** What root of a user namespace may not do in a network namespace of the host otherwise: low ports, and ping. */
const USERNS_SYSCTLS = { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" };
const UNLIMITED = "18446744073709551615";

/** What of the host {@link planProcessConfig} depends on. */
export interface ProcessFacts {
  /** Namespace of the container whose processes it shall see. */
  pidPath?: string;
  /** Ids of the host for `auto`. */
  ranges: IdRanges;
  hasOwnNetwork: boolean;
}

/** Ids of the host that containers may have. */
export interface IdRanges {
  uids: IdMap[];
  gids: IdMap[];
}

/**
 * Check what needs nothing but the definition.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
export function checkProcessSpec(spec: ContainerSpec): void {
  for (const { name, soft, hard } of spec.ulimits ?? []) {
    if (!ULIMITS.includes(name)) throw invalid(`a limit '${name}'`, `one of ${ULIMITS.join(", ")}`);
    if (hard !== -1 && (soft === -1 || soft > hard))
      throw invalid(`a soft limit of ${name} above the hard one`, "one below");
  }
  for (const key of Object.keys(spec.sysctls ?? {})) {
    const name = key.replaceAll("/", ".");
    const isAllowed = SYSCTLS.includes(name) || SYSCTL_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (!isAllowed) throw invalid(`sysctl '${key}', which is the host's`, "one that a container has for itself");
    if (name.startsWith("net.") && spec.network === "host") {
      throw invalid(`sysctl '${key}' with --network host`, "a network of its own");
    }
  }
  if (spec.uts === "host" && spec.hostname !== undefined)
    throw invalid("a host name with --uts host", "one of the two");
  if (spec.pid !== undefined && spec.pid !== "host" && !/^container:./.test(spec.pid)) {
    throw invalid(`pid namespace '${spec.pid}'`, "'host' or 'container:NAME'");
  }
  if (spec.userns?.mode === "map" && spec.userns.uids === undefined) throw invalid("no range of ids", "one at least");
  if (hasUserns(spec) && spec.privileged === true) {
    throw invalid("--privileged with a user namespace", "one of the two");
  }
}

/** Whether a container has a user namespace of its own. */
export function hasUserns({ userns }: ContainerSpec): boolean {
  return userns !== undefined && userns.mode !== "host";
}

/** Add to a configuration what the definition says of processes. */
export function planProcessConfig(config: OciConfig, spec: ContainerSpec, facts: ProcessFacts): OciConfig {
  const { linux, hostname, ...rest } = config;
  const user = hasUserns(spec);
  const sysctl = { ...(user && facts.hasOwnNetwork ? USERNS_SYSCTLS : {}), ...spec.sysctls };
  const { uids, gids } = spec.userns?.mode === "map" ? { ...facts.ranges, ...spec.userns } : facts.ranges;
  return {
    ...rest,
    ...(hostname === undefined || spec.uts === "host" ? {} : { hostname }),
    process: planProcess(config.process, spec),
    mounts: user ? config.mounts.map(mapIds) : config.mounts,
    linux: {
      ...linux,
      namespaces: [
        ...(user ? [{ type: "user" as const }] : []),
        ...linux.namespaces.flatMap((namespace) => replaceNamespace(namespace, spec, facts.pidPath)),
      ],
      ...(user ? { uidMappings: uids.map(toMapping), gidMappings: gids.map(toMapping) } : {}),
      ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    },
  };
}

function planProcess(process: OciProcess, { ulimits = [], oomScoreAdj }: ContainerSpec): OciProcess {
  const limitOf = (value: number) => (value === -1 ? UNLIMITED : value);
  return {
    ...process,
    ...(ulimits.length === 0
      ? {}
      : {
          rlimits: ulimits.map(({ name, soft, hard }) => ({
            type: `RLIMIT_${name.toUpperCase()}`,
            soft: limitOf(soft),
            hard: limitOf(hard),
          })),
        }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
  };
}

function replaceNamespace(namespace: OciNamespace, { pid, uts }: ContainerSpec, pidPath?: string): OciNamespace[] {
  if (namespace.type === "uts" && uts === "host") return [];
  if (namespace.type !== "pid" || pid === undefined) return [namespace];
  return pidPath === undefined ? [] : [{ type: "pid", path: pidPath }];
}

/** Files of the host belong to whom they belong, seen from inside. */
function mapIds(mount: OciConfig["mounts"][number]): OciConfig["mounts"][number] {
  return mount.type === "bind" ? { ...mount, options: [...(mount.options ?? []), "idmap"] } : mount;
}

function toMapping({ containerId, hostId, size }: IdMap): OciIdMapping {
  return { containerID: containerId, hostID: hostId, size };
}

function invalid(now: string, wanted: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot create a container: ${now}, ${wanted} wanted`, {
    remedy: "Correct the request; 'netctl run -h' lists the forms",
  });
}
