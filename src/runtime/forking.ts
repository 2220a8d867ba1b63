/**
 * The part of netd-runtime that loads libraries: what forks, and what asks the kernel for more than Node does. Built as a file of its own,
 * so that `state` and its like start without it.
 *
 * @module
 */
export { walkMain } from "../kernel/process/index.ts";
export { create } from "./command/create.ts";
export { deleteContainer } from "./command/delete.ts";
export { destroyContainer } from "./command/destroy-container.ts";
export { events } from "./command/events.ts";
export { exec } from "./command/exec.ts";
export { features } from "./command/features.ts";
export { listProcesses } from "./command/list-processes.ts";
export { pause, resume } from "./command/pause.ts";
export { ps } from "./command/ps.ts";
export { run } from "./command/run.ts";
export { update } from "./command/update.ts";
