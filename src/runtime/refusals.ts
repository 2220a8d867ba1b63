/**
 * Why the runtime refuses what is asked of a container, or can't tell.
 *
 * @module
 */
import { NetdError } from "../errors.ts";

/** Make the error for a container that should run. */
export function notRunning(containerId: string): NetdError {
  return new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot use container ${containerId}: it has ended, a running one wanted`,
    {
      remedy: "Start it first",
    },
  );
}

/** Make the error for a container that should not run. */
export function isRunning(containerId: string): NetdError {
  return new NetdError("CONTAINER_RUNNING", `Cannot start container ${containerId}: it runs, a stopped one wanted`, {
    remedy: "Stop it first",
  });
}

/** Make the error for a container that the runtime does not have. */
export function unknown(containerId: string): NetdError {
  return new NetdError("CONTAINER_UNKNOWN", `Cannot find container ${containerId}: the runtime has none of that id`, {
    remedy: "See the containers with 'netctl ps -a'",
  });
}

/** Make the error for a client that held its container back. */
export function stalled(patienceMs: number): NetdError {
  return new NetdError(
    "CLIENT_STALLED",
    `Cannot keep the client attached: it took no output for ${patienceMs / 1000} s, and the container does not wait longer`,
    { remedy: "Attach again; what was missed is in 'netctl logs'" },
  );
}

/** Make the error for the end of a process that was reaped by others before anybody looked. */
export function exitCodeLost(): NetdError {
  return new NetdError("EXIT_CODE_LOST", "Cannot tell the exit code: nobody watched when the process ended", {
    remedy: "See 'netctl inspect' and the log for what happened to it",
  });
}
