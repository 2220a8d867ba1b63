/**
 * The idea that carries the rest: what netd does to Linux is a plain value that can be applied, undone and printed.
 *
 * @module
 */

/** How one kind of step is carried out. `Memo` is what `undo` must remember of the world before `apply`. */
export interface StepDefinition<S, Memo = void> {
  /** Do it. @throws {NetdError} KERNEL_CALL_FAILED with the call, its arguments, errno and the kernel's own text. */
  apply(step: S): Memo;
  /** Take it back; only called after `apply` succeeded. Does nothing for what is already gone. */
  undo(step: S, memo: Memo): void;
  /** The commands that a person would type, one per element, ready for `sh`. */
  toShell(step: S): string[];
}
