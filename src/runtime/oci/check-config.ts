/**
 * What one part of a configuration demands of another. Pure.
 *
 * Source: runtime-spec config.md and config-linux.md; runc libcontainer/configs/validate for which sysctls are namespaced.
 *
 * @module
 */
import type { OciConfig, OciMount, OciNamespaceType } from "./config.ts";
import { refuse } from "./rule.ts";

/** Sysctls that each ipc namespace has for itself; ipc_namespaces(7). */
const IPC_SYSCTLS: readonly string[] = [
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
];

/** Whether a mount binds something that exists. */
export function isBindMount({ type, options = [] }: Pick<OciMount, "type" | "options">): boolean {
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

/** Check the parts of a configuration against each other. @throws {NetdError} OCI_CONFIG_INVALID */
export function checkConfig(config: OciConfig): void {
  checkNamespaceUsers(config);
  checkUserMappings(config);
  for (const key of Object.keys(config.linux.sysctl ?? {})) checkSysctl(key, config);
  for (const [index, mount] of config.mounts.entries()) checkMount(mount, `$.mounts[${index}]`, config);
}

function has(config: OciConfig, type: OciNamespaceType): boolean {
  return config.linux.namespaces.some((namespace) => namespace.type === type);
}

/** What changes a namespace needs one that is not the host's. */
function checkNamespaceUsers(config: OciConfig): void {
  const { hostname, domainname, linux } = config;
  need(config, "uts", "$.hostname", hostname);
  need(config, "uts", "$.domainname", domainname);
  need(config, "time", "$.linux.timeOffsets", linux.timeOffsets);
  need(config, "network", "$.linux.netDevices", linux.netDevices);
  need(config, "mount", "$.linux.maskedPaths", linux.maskedPaths);
  need(config, "mount", "$.linux.readonlyPaths", linux.readonlyPaths);
  need(config, "user", "$.linux.uidMappings", linux.uidMappings);
  need(config, "user", "$.linux.gidMappings", linux.gidMappings);
}

function need(config: OciConfig, type: OciNamespaceType, path: string, value: object | string | undefined): void {
  if (value === undefined || has(config, type) || Object.keys(value).length === 0) return;
  refuse(
    path,
    `$.linux.namespaces has no "${type}"`,
    "it would change the host's",
    `Add a namespace of type "${type}", or drop ${path}`,
  );
}

/** A new user namespace without mappings would leave the container without any user. */
function checkUserMappings({ linux }: OciConfig): void {
  const isNew = linux.namespaces.some(({ type, path }) => type === "user" && path === undefined);
  if (!isNew) return;
  for (const name of ["uidMappings", "gidMappings"] as const) {
    if ((linux[name] ?? []).length === 0) {
      refuse(
        `$.linux.${name}`,
        "it is empty and $.linux.namespaces has a new user namespace",
        "at least one range is wanted",
      );
    }
  }
}

function checkSysctl(key: string, config: OciConfig): void {
  const path = `$.linux.sysctl[${JSON.stringify(key)}]`;
  const name = dottedSysctl(key);
  if (name.split(".").some((part) => part === "" || part === "/" || part === "//")) {
    refuse(path, "it has an empty or relative part", "a name like net.ipv4.ip_forward is wanted");
  }
  if (name === "kernel.hostname") refuse(path, "$.hostname is for that", "no sysctl is wanted", "Set hostname instead");
  const type = sysctlNamespace(key);
  if (type === undefined) {
    refuse(
      path,
      "all of the host shares it",
      "one that belongs to a namespace is wanted: net.*, fs.mqueue.*, System V IPC, kernel.domainname",
    );
  }
  if (!has(config, type)) refuse(path, `$.linux.namespaces has no "${type}"`, "it would change the host's");
}

/** Names with slashes have the meanings of dot and slash exchanged: sysctl(8). */
function dottedSysctl(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  if (first !== "/") return key;
  return key.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

/** The kind of namespace that has a sysctl for itself; undefined when the host has only one. */
export function sysctlNamespace(key: string): OciNamespaceType | undefined {
  const name = dottedSysctl(key);
  if (name.startsWith("net.")) return "network";
  if (name.startsWith("fs.mqueue.") || IPC_SYSCTLS.includes(name)) return "ipc";
  return name === "kernel.domainname" ? "uts" : undefined;
}

/** Rules of id-mapped mounts: mount_setattr(2). */
function checkMount(mount: OciMount, path: string, config: OciConfig): void {
  const { uidMappings, gidMappings, options = [], source } = mount;
  const isBind = isBindMount(mount);
  if (isBind && source === undefined)
    refuse(`${path}.source`, "it is missing and the mount is a bind", "what to bind is wanted");
  const isMapped = uidMappings !== undefined || gidMappings !== undefined;
  const isAsked = options.includes("idmap") || options.includes("ridmap");
  if (!isMapped && !isAsked) return;
  if (!isBind) refuse(path, "it maps ids and is no bind", "a mount with the option bind or rbind is wanted");
  if (!isMapped && !has(config, "user")) {
    refuse(
      path,
      "it maps ids without ranges of its own, and there is no user namespace",
      "uidMappings and gidMappings are wanted",
    );
  }
  if (isMapped && (uidMappings === undefined || gidMappings === undefined)) {
    refuse(path, "it has only one of uidMappings and gidMappings", "both are wanted");
  }
}
