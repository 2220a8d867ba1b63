/**
 * Why the runtime refuses what is asked of a container.
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
