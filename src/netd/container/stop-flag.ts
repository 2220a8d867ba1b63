/**
 * Remembers that a user asked for a container's end: it is not started again by itself, not even by a netd after this one.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { parseSignal, SIGTERM } from "../signal.ts";

const SIGKILL = 9;

/** The signal that asks a container to end: its own, or TERM. */
export function stopSignalOf({ row }: Container): number {
  return parseSignal(row.spec.stopSignal ?? SIGTERM);
}

/** Whether a signal is meant to end a container. */
export function isMeantToEnd(container: Container, signal: number): boolean {
  return signal === SIGKILL || signal === stopSignalOf(container);
}

/** Note that a user wants this container's end. It is durable on return when it matters. @throws {NetdError} STATE_WRITE_FAILED */
export function markStoppedByUser({ store }: DaemonContext, container: Container): void {
  const marked = { ...container.row, isStoppedByUser: true };
  if ((container.row.spec.restart?.policy ?? "no") !== "no") store.updateContainer(marked);
  container.row = marked;
}
