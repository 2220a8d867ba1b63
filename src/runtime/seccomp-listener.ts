/**
 * Hands the listener of a container's seccomp filter to the agent that its configuration names.
 *
 * Source: runtime-spec config-linux.md "The Container Process State".
 *
 * @module
 */
import { closeSync } from "node:fs";
import { type SeccompProgram, sendDescriptor } from "../kernel/index.ts";
import type { OciState } from "./oci/config.ts";

/** Make what takes the listener at a launch; undefined for a filter that notifies nobody. `state` is the container's. */
export function listenerTaker(
  seccomp: SeccompProgram | undefined,
  state: OciState,
): ((fd: number, pid: number) => void) | undefined {
  const listener = seccomp?.listener;
  if (listener === undefined) return undefined;
  return (fd, pid) => {
    const { ociVersion } = state;
    // The container's own pid is its first process's, which is this one unless it is an exec.
    const document = { ociVersion, fds: ["seccompFd"], pid, metadata: listener.metadata, state: { pid, ...state } };
    try {
      sendDescriptor(listener.path, Buffer.from(JSON.stringify(document)), fd);
    } finally {
      closeSync(fd);
    }
  };
}
