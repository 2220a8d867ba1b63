/**
 * Who gets the terminal of a process: a caller that listens on a socket, or the one we run in.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { sendDescriptor } from "../../kernel/index.ts";
import type { CommandCall } from "./command.ts";

/** Check that a terminal has somebody who looks at it, before anything is made. @throws {NetdError} API_REQUEST_INVALID */
export function checkConsole({ flags }: CommandCall, options: { isTerminal: boolean; isDetached: boolean }): void {
  const hasSocket = flags.has("console-socket");
  const needsSocket = options.isTerminal && options.isDetached;
  if (hasSocket && !needsSocket) {
    throw refuse(
      "cannot use console socket if netd-runtime will not detach or allocate tty",
      "Leave --console-socket away",
    );
  }
  if (needsSocket && !hasSocket) {
    throw refuse(
      "cannot allocate tty if netd-runtime will detach without setting console socket",
      "Give --console-socket, or set process.terminal to false",
    );
  }
}

/** Give the master of a terminal to who asked for it. */
export function deliverConsole({ flags }: CommandCall, terminalFd: number | undefined): void {
  const path = flags.text("console-socket");
  if (path === undefined || terminalFd === undefined) return;
  sendDescriptor(path, Buffer.from("/dev/pts/ptmx"), terminalFd);
}

function refuse(message: string, remedy: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot start the process: ${message}`, { remedy });
}
