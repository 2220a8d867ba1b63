/**
 * `start`: let the process of a created container become its program.
 *
 * @module
 */
import { closeSync, constants, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { type ErrorDocument, NetdError, parseError } from "../../errors.ts";
import type { CommandCall } from "./command.ts";
import { type ContainerStatus, findStatus } from "./container-status.ts";
import { loadForking } from "./load-forking.ts";
import { tryHooks } from "./run-hooks.ts";
import { StateStore } from "./state-store.ts";

/** Start. */
export async function start({ args, global, report }: CommandCall): Promise<number> {
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const state = store.readState(id);
  const status = findStatus(store, state);
  if (status !== "created" || state.init === undefined) throw notCreated(id, status);
  const failure = await release(store.directory(id), id);
  const config = store.readConfig(id);
  if (failure !== undefined) {
    await loadForking().destroyContainer({ store, state, config, warn: report.warn });
    throw failure;
  }
  if (config.hooks?.poststart !== undefined) {
    const { ociVersion, bundle, annotations } = state;
    const document = { ociVersion, id, status: "running", pid: state.init.pid, bundle, annotations } as const;
    await tryHooks("poststart", config.hooks.poststart, { state: document, warn: report.warn });
  }
  return 0;
}

/** Let the process go on and hear what becomes of it: nothing, when it executes its program. The first of several calls wins. */
async function release(directory: string, id: string): Promise<NetdError | undefined> {
  const claimed = `${directory}/started.fifo`;
  try {
    renameSync(`${directory}/start.fifo`, claimed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw notCreated(id, "running");
    throw error;
  }
  // The process has both ends of both open: neither waits.
  const result = openSync(`${directory}/result.fifo`, constants.O_RDONLY | constants.O_NONBLOCK);
  const fifo = openSync(claimed, constants.O_WRONLY | constants.O_NONBLOCK);
  writeSync(fifo, "s");
  closeSync(fifo);
  const text = await readAll(result);
  for (const name of ["started", "result"]) rmSync(`${directory}/${name}.fifo`, { force: true });
  for (const line of text.split("\n").filter(Boolean)) {
    const report = JSON.parse(line) as { failure?: { error: ErrorDocument } };
    if (report.failure !== undefined) return parseError(report.failure.error);
  }
  return undefined;
}

/** Read until every writer has closed it: its exec, or its end, does. */
function readAll(fd: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const pipe = new Socket({ fd, readable: true, writable: false }).setEncoding("utf8");
    pipe.on("data", (piece: string) => {
      text += piece;
    });
    pipe.on("error", () => {});
    pipe.on("close", () => resolve(text));
  });
}

function notCreated(id: string, status: ContainerStatus): NetdError {
  return new NetdError("CONTAINER_RUNNING", `Cannot start container "${id}": it is ${status}, a created one wanted`, {
    remedy:
      status === "stopped"
        ? `Remove it with 'netd-runtime delete ${id}' and create it again`
        : "Start a container once only",
  });
}
