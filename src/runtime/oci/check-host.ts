/**
 * What a configuration demands of the kernel, asked before anything is made.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { sysctlNamespace } from "./check-config.ts";
import type { OciConfig, OciNamespaceType } from "./config.ts";
import { refuse } from "./rule.ts";

/** Names in /proc/PID/ns; namespaces(7). */
const NAMESPACE_FILE: Record<OciNamespaceType, string> = {
  cgroup: "cgroup",
  ipc: "ipc",
  mount: "mnt",
  network: "net",
  pid: "pid",
  time: "time",
  user: "user",
  uts: "uts",
};

/**
 * Check that this host can do what a configuration asks for.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING when the kernel can't, FEATURE_UNSUPPORTED when we can't, OCI_CONFIG_INVALID when it would change the host
 */
export function checkHost(config: OciConfig): void {
  const { process, linux } = config;
  for (const { type } of linux.namespaces) {
    if (!existsSync(`/proc/self/ns/${NAMESPACE_FILE[type]}`)) throw missing(`a ${type} namespace`, "namespaces(7)");
  }
  if (process.apparmorProfile !== undefined && process.apparmorProfile !== "unconfined") {
    demand("/sys/module/apparmor", "$.process.apparmorProfile", "AppArmor (CONFIG_SECURITY_APPARMOR)");
  }
  if (process.selinuxLabel !== undefined) demand("/sys/fs/selinux/enforce", "$.process.selinuxLabel", "SELinux");
  if (linux.mountLabel !== undefined) demand("/sys/fs/selinux/enforce", "$.linux.mountLabel", "SELinux");
  if (Object.keys(linux.intelRdt ?? {}).length > 0) {
    demand("/sys/fs/resctrl/schemata", "$.linux.intelRdt", "resctrl (CONFIG_X86_CPU_RESCTRL, mounted)");
  }
  checkSharedNetwork(config);
}

/** A namespace that is joined may be the host's own: then its sysctls are the host's. */
function checkSharedNetwork({ linux }: OciConfig): void {
  const path = linux.namespaces.find(({ type }) => type === "network")?.path;
  const key = Object.keys(linux.sysctl ?? {}).find((name) => sysctlNamespace(name) === "network");
  if (path === undefined || key === undefined || !isSameFile(path, "/proc/self/ns/net")) return;
  refuse(
    `$.linux.sysctl[${JSON.stringify(key)}]`,
    `the network namespace ${path} is the host's`,
    "one of its own is wanted",
  );
}

function isSameFile(path: string, other: string): boolean {
  const one = statSync(path, { throwIfNoEntry: false });
  const two = statSync(other);
  return one !== undefined && one.dev === two.dev && one.ino === two.ino;
}

function demand(path: string, place: string, feature: string): void {
  if (!existsSync(path)) throw missing(place, feature);
  throw unsupported(place);
}

function unsupported(place: string): NetdError {
  return new NetdError("FEATURE_UNSUPPORTED", `Cannot apply ${place}: it is not supported yet, no value wanted`, {
    remedy: `Leave ${place} out`,
  });
}

function missing(thing: string, feature: string): NetdError {
  return new NetdError("KERNEL_FEATURE_MISSING", `Cannot apply ${thing}: this kernel has it not, ${feature} wanted`, {
    remedy: "Leave it out, or use a kernel that has it",
  });
}
