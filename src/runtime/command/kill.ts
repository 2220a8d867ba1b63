/**
 * `kill`: send a signal.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { CommandCall } from "./command.ts";
import { findStatus } from "./container-status.ts";
import { thawContainer } from "./freeze.ts";
import { loadForking } from "./load-forking.ts";
import { parseSignalNumber } from "./signal-number.ts";
import { StateStore } from "./state-store.ts";

const SIGKILL = 9;

/** Kill. */
export function kill({ args, flags, global }: CommandCall): number {
  const store = new StateStore(global.root);
  const [id = "", name = "TERM"] = args;
  const state = store.readState(id);
  const signal = parseSignalNumber(name);
  const status = findStatus(store, state);
  if (flags.bool("all")) {
    for (const pid of loadForking().listProcesses(state)) send(pid, signal);
    return 0;
  }
  if (status === "stopped" || state.init === undefined) throw notRunning(id, status);
  send(state.init.pid, signal);
  if (status === "paused" && signal === SIGKILL) {
    thawContainer(state);
  }
  return 0;
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It went in the moment before.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function notRunning(id: string, status: string): NetdError {
  return new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot signal container "${id}": container not running, it is ${status}`,
    {
      remedy: `Remove it with 'netd-runtime delete ${id}'`,
    },
  );
}
