/**
 * Owns every call into Linux. Never decides what ought to be.
 *
 * @module
 */

export * from "./cgroup/index.ts";
export {
  type ConntrackMatch,
  type ConntrackOfAddress,
  type ConntrackOfPort,
  deleteConntrack,
  deleteConntrackElsewhere,
} from "./conntrack/delete-conntrack.ts";
export * from "./daemon-process.ts";
export * from "./errno.ts";
export { faultPoint } from "./fault-point.ts";
export * from "./foreign-root.ts";
export { readIptablesParts } from "./iptables/iptables-parts.ts";
export type * from "./iptables/iptables-step-types.ts";
export { hasLegacyFilter, type IptablesTool, saveIptables } from "./iptables/iptables-tool.ts";
export { isAbsence } from "./kernel-absence.ts";
export { BRIDGE_MAX_PORTS } from "./link/bridge-full.ts";
export { type InterfaceCounters, parseInterfaceCounters, readInterfaceCounters } from "./link/interface-counters.ts";
export { type FoundListener, findListener, isInTheWay, type WantedPorts } from "./listener/find-listener.ts";
export { type PickPortsOptions, type PortRange, pickPorts, readPortRange } from "./listener/pick-ports.ts";
export { type ListenerInfo, listListeners, type PortProtocol } from "./listener/sock-diag.ts";
export { LinkWatcher } from "./monitor/link-watcher.ts";
export type * from "./monitor/network-change.ts";
export { NetworkMonitor, type NetworkMonitorOptions } from "./monitor/network-monitor.ts";
export { type ArpAnnouncement, announceArp } from "./neighbour/arp.ts";
export { announceNa, type NaAnnouncement } from "./neighbour/neighbour-advertisement.ts";
export { type ProbeAddressOptions, probeAddress } from "./neighbour/probe-address.ts";
export * from "./netlink/index.ts";
export {
  createNetns,
  deleteNetns,
  hasNetns,
  inNewNetns,
  NETNS_DIR,
  netnsPath,
  openNetns,
  pinNetns,
  withNetns,
} from "./netns/netns.ts";
export { Nftables, type NftJson, type NftTableName } from "./nft/nftables.ts";
export { listProcessTable, PROCESS_TITLES } from "./proc/process-table.ts";
export * from "./process-tree.ts";
export * from "./read-in-root.ts";
export * from "./rootfs-tree.ts";
export { SeccompCompiler, type SeccompProgram } from "./seccomp/seccomp-compiler.ts";
export { SECCOMP_NAMES, type SeccompProfile } from "./seccomp/seccomp-profile.ts";
export { sendDescriptor } from "./send-descriptor.ts";
export {
  type AppliedStep,
  type AppliedSteps,
  applySlowSteps,
  applySteps,
  type ExecuteOptions,
  type JournalEntry,
  StepError,
  stepsToShell,
  teardownSlowSteps,
  teardownSteps,
  toShell,
  undoSteps,
} from "./step/executor.ts";
export { KernelSession } from "./step/kernel-session.ts";
export type * from "./step/network-steps.ts";
export { shellCommand, shellQuote } from "./step/shell.ts";
export type { StepDefinition } from "./step/step.ts";
export { hasSysctl, readSysctl, type SysctlOptions, sysctlPath, writeSysctl } from "./sysctl/sysctl.ts";
export { isInForeground, leadProcessGroup, takeTerminal } from "./terminal.ts";
export { planTokenBucket, type TokenBucket } from "./traffic/token-bucket.ts";
export { findRate, type LinkQueues, listQueues } from "./traffic/traffic-control.ts";
export { readAttribute } from "./xattr.ts";
