/**
 * Owns the birth of processes: the steps between fork and exec, the child that walks them, the fork server, and how processes ended.
 * Never decides what a container is; that is in the steps it is given. Never loads netlink or nftables: every megabyte is copied in each fork.
 *
 * @module
 */
export { faultPoint } from "../fault-point.ts";
export type { BirthRequest, PidNamespace, TestFault } from "./birth.ts";
export { CAPABILITIES } from "./capability-names.ts";
export { type ComposeShellOptions, composeShell } from "./compose-shell.ts";
export {
  type ForkCounters,
  ForkServer,
  type ForkServerOptions,
  type LaunchedProcess,
} from "./fork-server.ts";
export type { HookProgram } from "./hook-steps.ts";
export type { MountFlag, MountFlagChange, MountPropagation } from "./mount-attributes.ts";
export type { OldMountFlag } from "./mount-old-call.ts";
export { type NamespaceKind, openNamespace } from "./namespace-steps.ts";
export { openProcess, signalProcess, takeDescriptor } from "./pidfd.ts";
export { duplicateDescriptor, makePipe, type Pipe, setNonblocking } from "./pipe.ts";
export { nameProcess } from "./process-name.ts";
export { exitCodeOf, peekChild, reap, waitStatusOfPidfd } from "./process-status.ts";
export { definitionOf, PROCESS_STEP_OPS, type ProcessStep, type ProcessStepOp } from "./process-step.ts";
export { readTerminalSize, setRawTerminal } from "./raw-terminal.ts";
export { rehearse } from "./rehearse.ts";
export { detachMount, type RootBindStep, type RootOverlayStep } from "./root-steps.ts";
export { sealProgram } from "./seal-program.ts";
export type { StdioSource } from "./stdio-steps.ts";
export { makeFifo, resizeTerminal } from "./stream-files.ts";
export { type IdMappings, type IdRange, makeUserNamespace } from "./user-namespace.ts";
export { walkMain } from "./walk-main.ts";
