/**
 * What every step of a starting process is made of: something the child can do, and the words a person would type for it.
 *
 * @module
 */

/** What the steps of one child leave for later ones. */
export interface WalkState {
  /** The container's root directory; -1 until a root step has opened it. */
  rootFd: number;
  /** Write end of the close-on-exec pipe to the parent. */
  reportFd: number;
  /** Read end of the pipe on which the parent answers. */
  ackFd: number;
  /** Mounts that are open and attached nowhere, by the target of the step that will take each; there is none without a user namespace. */
  opened: Map<string, number[]>;
  /** Highest descriptor that Node needs for itself. */
  nodeFdMax: number;
  /** Detached mounts with mapped ids, by the path that they are for. */
  mappedMounts?: Map<string, number>;
  /** Where the user is at home, once that was looked up. */
  home?: string;
  /** The proc and sysfs that the container got, by their mount points: what is hidden in them is found there, wherever their paths lead. */
  kernelMounts: Map<string, number>;
}

/** How one kind of process step is carried out and shown. There is no undo: the process dies, and its namespaces with it. */
export interface ProcessStepDefinition<S> {
  /**
   * Do it, in a forked child: synchronous calls only, and next to no allocation.
   *
   * @throws {NetdError} KERNEL_CALL_FAILED with the call and its errno, or a code of its own where the text says more
   */
  walk(step: S, state: WalkState): void;
  /** The command lines a person would type; of a step that `wraps`, the words that go before the command of all later steps. */
  toShell(step: S): string[];
  /** Whether {@link toShell} gives a prefix (`unshare --uts`) instead of lines. */
  wraps?: boolean;
}
