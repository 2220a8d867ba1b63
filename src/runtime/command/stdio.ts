/**
 * The caller's standard streams, on their way into a container.
 *
 * @module
 */
import { duplicateDescriptor, type StdioSource } from "../../kernel/process/index.ts";

/** Standard streams that are ours. Their copies end with us. */
export function inheritStdio(): Record<"stdin" | "stdout" | "stderr", StdioSource> {
  // Node marks its own close-on-exec, and a descriptor can't be copied onto itself to take that away.
  const copy = (fd: number): StdioSource => ({ fd: duplicateDescriptor(fd) });
  return { stdin: copy(0), stdout: copy(1), stderr: copy(2) };
}

/** No streams of ours, for a process that gets a terminal: one that waits for its start would keep the caller's pipes open. */
export function noStdio(): Record<"stdin" | "stdout" | "stderr", StdioSource> {
  const none = { path: "/dev/null" };
  return { stdin: none, stdout: none, stderr: none };
}
