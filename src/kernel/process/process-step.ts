/**
 * All kinds of steps that a starting process takes between its fork and its exec.
 *
 * @module
 */
import {
  type AffinitySetStep,
  affinitySet,
  type DomainnameSetStep,
  domainnameSet,
  type IoPrioritizeStep,
  ioPrioritize,
  type OomAdjustStep,
  oomAdjust,
  type PersonalitySetStep,
  personalitySet,
  type SchedulerSetStep,
  type SysctlWriteStep,
  schedulerSet,
  sysctlWrite,
  type TimeOffsetStep,
  timeOffset,
} from "./attribute-steps.ts";
import { type CgroupJoinStep, cgroupJoin } from "./cgroup-steps.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { type DeviceMakeStep, deviceMake, type LinkMakeStep, linkMake } from "./device-steps.ts";
import { type ExecStep, exec, type ProgramFindStep, programFind } from "./exec-step.ts";
import { type ProcessForkStep, processFork } from "./fork-step.ts";
import { type GateWaitStep, gateWait } from "./gate-step.ts";
import { type HomeFindStep, homeFind } from "./home-step.ts";
import { type HooksAwaitStep, type HooksRunStep, hooksAwait, hooksRun } from "./hook-steps.ts";
import {
  type CapabilitiesBoundStep,
  type CapabilitiesSetStep,
  capabilitiesBound,
  capabilitiesSet,
  type DirectoryEnterStep,
  type DirectoryMakeStep,
  directoryEnter,
  directoryMake,
  type HostnameSetStep,
  hostnameSet,
  type NoNewPrivilegesStep,
  privilegesFreeze,
  type RlimitSetStep,
  rlimitSet,
  type UmaskSetStep,
  type UserSetStep,
  umaskSet,
  userSet,
} from "./identity-steps.ts";
import { type ProcessInitStep, processInit } from "./init-step.ts";
import { type KeyringJoinStep, keyringJoin } from "./keyring-step.ts";
import { type MemoryPlaceStep, memoryPlace } from "./memory-step.ts";
import { type MountCloneMappedStep, mountCloneMapped } from "./mount-mapped-step.ts";
import {
  type MountBindStep,
  type MountFilesystemStep,
  type MountFlagsStep,
  type MountReconfigureStep,
  mountBind,
  mountFilesystem,
  mountFlags,
  mountReconfigure,
} from "./mount-steps.ts";
import {
  type NamespaceJoinStep,
  type NamespacesEnterStep,
  type NamespacesUnshareStep,
  namespaceJoin,
  namespacesEnter,
  namespacesUnshare,
} from "./namespace-steps.ts";
import { type PathMaskStep, type PathReadonlyStep, pathMask, pathReadonly } from "./path-steps.ts";
import {
  type MountPropagationStep,
  mountPropagation,
  type RootBindStep,
  type RootCurrentStep,
  type RootEnterStep,
  type RootFindStep,
  type RootMoveStep,
  type RootOverlayStep,
  type RootPivotStep,
  type RootPropagationStep,
  type RootReadonlyStep,
  rootBind,
  rootCurrent,
  rootEnter,
  rootFind,
  rootMove,
  rootOverlay,
  rootPivot,
  rootPropagation,
  rootReadonly,
} from "./root-steps.ts";
import { type SeccompLoadStep, seccompLoad } from "./seccomp-step.ts";
import { type SignalsResetStep, signalsReset } from "./signal-steps.ts";
import { type StartWaitStep, startWait } from "./start-step.ts";
import {
  type DescriptorsCloseStep,
  descriptorsClose,
  type SessionStartStep,
  type StdioOpenStep,
  sessionStart,
  stdioOpen,
  type TerminalOpenStep,
  terminalOpen,
} from "./stdio-steps.ts";
import {
  type MountOpenStep,
  mountOpen,
  type RootAttachStep,
  type RootOpenStep,
  rootAttach,
  rootOpen,
  type UserEnterStep,
  userEnter,
} from "./user-steps.ts";
import { type VolumeFillStep, volumeFill } from "./volume-step.ts";

/** One step: a plain value, which survives JSON. */
export type ProcessStep =
  | AffinitySetStep
  | DomainnameSetStep
  | IoPrioritizeStep
  | MemoryPlaceStep
  | OomAdjustStep
  | PersonalitySetStep
  | SchedulerSetStep
  | SysctlWriteStep
  | TimeOffsetStep
  | CapabilitiesBoundStep
  | CapabilitiesSetStep
  | CgroupJoinStep
  | DescriptorsCloseStep
  | DeviceMakeStep
  | DirectoryEnterStep
  | DirectoryMakeStep
  | ExecStep
  | GateWaitStep
  | HomeFindStep
  | HooksAwaitStep
  | HooksRunStep
  | HostnameSetStep
  | KeyringJoinStep
  | LinkMakeStep
  | MountBindStep
  | MountCloneMappedStep
  | MountFilesystemStep
  | MountFlagsStep
  | MountOpenStep
  | MountPropagationStep
  | MountReconfigureStep
  | NamespaceJoinStep
  | NamespacesEnterStep
  | NamespacesUnshareStep
  | NoNewPrivilegesStep
  | PathMaskStep
  | PathReadonlyStep
  | ProcessForkStep
  | ProcessInitStep
  | ProgramFindStep
  | RlimitSetStep
  | RootAttachStep
  | RootBindStep
  | RootCurrentStep
  | RootEnterStep
  | RootFindStep
  | RootMoveStep
  | RootOpenStep
  | RootOverlayStep
  | RootPivotStep
  | RootPropagationStep
  | RootReadonlyStep
  | SeccompLoadStep
  | SessionStartStep
  | SignalsResetStep
  | StartWaitStep
  | StdioOpenStep
  | TerminalOpenStep
  | UmaskSetStep
  | UserEnterStep
  | UserSetStep
  | VolumeFillStep;

/** Name of a kind of step. */
export type ProcessStepOp = ProcessStep["op"];

type Definitions = { [Op in ProcessStepOp]: ProcessStepDefinition<Extract<ProcessStep, { op: Op }>> };

const DEFINITIONS: Definitions = {
  "affinity.set": affinitySet,
  "domainname.set": domainnameSet,
  "io.prioritize": ioPrioritize,
  "memory.place": memoryPlace,
  "oom.adjust": oomAdjust,
  "personality.set": personalitySet,
  "scheduler.set": schedulerSet,
  "sysctl.write": sysctlWrite,
  "time.offset": timeOffset,
  "capabilities.bound": capabilitiesBound,
  "capabilities.set": capabilitiesSet,
  "cgroup.join": cgroupJoin,
  "descriptors.close": descriptorsClose,
  "device.make": deviceMake,
  "directory.enter": directoryEnter,
  "directory.make": directoryMake,
  exec,
  "gate.wait": gateWait,
  "home.find": homeFind,
  "hooks.await": hooksAwait,
  "hooks.run": hooksRun,
  "hostname.set": hostnameSet,
  "keyring.join": keyringJoin,
  "link.make": linkMake,
  "mount.bind": mountBind,
  "mount.clone-mapped": mountCloneMapped,
  "mount.filesystem": mountFilesystem,
  "mount.flags": mountFlags,
  "mount.open": mountOpen,
  "mount.propagation": mountPropagation,
  "mount.reconfigure": mountReconfigure,
  "namespace.join": namespaceJoin,
  "namespaces.enter": namespacesEnter,
  "namespaces.unshare": namespacesUnshare,
  "path.mask": pathMask,
  "path.readonly": pathReadonly,
  "privileges.freeze": privilegesFreeze,
  "process.fork": processFork,
  "process.init": processInit,
  "program.find": programFind,
  "rlimit.set": rlimitSet,
  "root.attach": rootAttach,
  "root.bind": rootBind,
  "root.current": rootCurrent,
  "root.enter": rootEnter,
  "root.find": rootFind,
  "root.move": rootMove,
  "root.open": rootOpen,
  "root.overlay": rootOverlay,
  "root.pivot": rootPivot,
  "root.propagation": rootPropagation,
  "root.readonly": rootReadonly,
  "seccomp.load": seccompLoad,
  "session.start": sessionStart,
  "signals.reset": signalsReset,
  "start.wait": startWait,
  "stdio.open": stdioOpen,
  "terminal.open": terminalOpen,
  "umask.set": umaskSet,
  "user.enter": userEnter,
  "user.set": userSet,
  "volume.fill": volumeFill,
};

/** Every kind of step. */
export const PROCESS_STEP_OPS = Object.keys(DEFINITIONS) as ProcessStepOp[];

/** How a step is carried out. The table pairs each op with its own definition, which the type of one lookup cannot say. */
export function definitionOf(step: ProcessStep): ProcessStepDefinition<ProcessStep> {
  return DEFINITIONS[step.op] as ProcessStepDefinition<ProcessStep>;
}
