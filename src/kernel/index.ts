/**
 * Owns every call into Linux. Never decides what ought to be.
 *
 * @module
 */

export { type ArpAnnouncement, announceArp } from "./arp.ts";
export * from "./cgroup/index.ts";
export * from "./daemon-process.ts";
export * from "./errno.ts";
export {
  type AppliedStep,
  type AppliedSteps,
  applySteps,
  type ExecuteOptions,
  type JournalEntry,
  StepError,
  stepsToShell,
  teardownSteps,
  toShell,
  undoSteps,
} from "./executor.ts";
export { faultPoint } from "./fault-point.ts";
export * from "./foreign-root.ts";
export { type InterfaceCounters, parseInterfaceCounters, readInterfaceCounters } from "./interface-counters.ts";
export { isAbsence } from "./kernel-absence.ts";
export { KernelSession } from "./kernel-session.ts";
export { LinkWatcher } from "./link-watcher.ts";
export * from "./netlink/index.ts";
export { createNetns, deleteNetns, hasNetns, NETNS_DIR, netnsPath, openNetns, pinNetns, withNetns } from "./netns.ts";
export type * from "./network-steps.ts";
export { Nftables, type NftJson, type NftTableName } from "./nftables.ts";
export { listProcessTable, PROCESS_TITLES } from "./proc/process-table.ts";
export * from "./process-tree.ts";
export * from "./read-in-root.ts";
export * from "./rootfs-tree.ts";
export { SeccompCompiler, type SeccompProgram } from "./seccomp/seccomp-compiler.ts";
export { SECCOMP_NAMES, type SeccompProfile } from "./seccomp/seccomp-profile.ts";
export { sendDescriptor } from "./send-descriptor.ts";
export { shellCommand, shellQuote } from "./shell.ts";
export type { StepDefinition } from "./step.ts";
export { hasSysctl, readSysctl, type SysctlOptions, sysctlPath, writeSysctl } from "./sysctl.ts";
export { isInForeground, leadProcessGroup, takeTerminal } from "./terminal.ts";
export { readAttribute } from "./xattr.ts";
