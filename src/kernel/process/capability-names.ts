/**
 * Capabilities by name.
 *
 * Source: linux/capability.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";

/** Names in the order of their numbers. */
export const CAPABILITIES: readonly string[] = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN " +
  "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME " +
  "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON " +
  "BPF CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

/** The number of a capability. @throws {NetdError} LAUNCH_FAILED on an unknown name */
export function capabilityNumber(name: string): number {
  const number = CAPABILITIES.indexOf(name);
  if (number >= 0) return number;
  throw new NetdError("LAUNCH_FAILED", `Cannot use the capability "${name}": there is no such capability`, {
    remedy: "Use a name of capabilities(7), such as CAP_NET_RAW",
  });
}

/** Which capabilities, by number, are in a list. @throws {NetdError} LAUNCH_FAILED on an unknown name */
export function capabilityNumbers(names: readonly string[]): Set<number> {
  return new Set(names.map(capabilityNumber));
}
