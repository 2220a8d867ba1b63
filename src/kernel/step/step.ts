/**
 * The idea that carries the rest: what netd does to Linux is a plain value that can be applied, undone and printed.
 *
 * @module
 */
import type { KernelSession } from "./kernel-session.ts";

/**
 * How one kind of step is carried out. `Memo` is what `undo` must remember of the world before `apply`; it is plain data, fit for JSON.
 *
 * Nothing opens or closes a socket itself: the session of the plan has them. `Session` is the part of it that the step needs.
 */
export interface StepDefinition<S, Memo = void, Session = KernelSession> {
  /** Do it. @throws {NetdError} KERNEL_CALL_FAILED with the call, its arguments, errno and the kernel's own text. */
  apply(step: S, session: Session): Memo;
  /** Do the same on another thread, of a step that holds the kernel up, with a socket of its own: others use the session meanwhile. */
  applyElsewhere?(step: S, session: Session): Promise<Memo>;
  /** Take it back; only called after `apply` succeeded. Does nothing for what is already gone. */
  undo(step: S, memo: Memo, session: Session): void;
  /** The commands that a person would type, one per element, ready for `sh`. */
  toShell(step: S, session: Session): string[];
}
