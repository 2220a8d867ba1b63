/**
 * Descriptors of the caller besides the standard streams, on their way into a container.
 *
 * @module
 */
import { readlinkSync } from "node:fs";
import { NetdError } from "../../errors.ts";

/**
 * How many descriptors from 3 on go to the program: those that were asked for, after those of socket activation (sd_listen_fds(3)).
 *
 * @throws {NetdError} API_REQUEST_INVALID when one is not open
 */
export function countPreserved(asked: number, env: NodeJS.ProcessEnv): number {
  const count = asked + listenFds(env);
  for (let fd = 3; fd < 3 + count; fd++) {
    if (isCallers(fd)) continue;
    throw new NetdError("API_REQUEST_INVALID", `Cannot preserve descriptor ${fd}: it is not open`, {
      remedy: "Open it, as a shell does with '3<FILE', or preserve fewer",
    });
  }
  return count;
}

/** Environment of a program that gets sockets by activation. */
export function listenEnvironment(env: NodeJS.ProcessEnv): string[] {
  const count = listenFds(env);
  return count === 0 ? [] : [`LISTEN_FDS=${count}`, "LISTEN_PID=1"];
}

function listenFds({ LISTEN_FDS = "0" }: NodeJS.ProcessEnv): number {
  return /^\d{1,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0;
}

/** The event loop of Node takes the first number that is free. */
function isCallers(fd: number): boolean {
  try {
    return !/^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return false;
  }
}
