/**
 * Refuses what only a running container can do.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { Container } from "../container.ts";

/** Refuse to `verb` a container that does not run, or is paused. @throws {NetdError} CONTAINER_NOT_RUNNING, CONTAINER_PAUSED */
export function checkRunning(container: Container, verb: string): void {
  checkStarted(container, verb);
  const { isPaused, name } = container.row;
  if (isPaused !== true) return;
  throw new NetdError("CONTAINER_PAUSED", `Cannot ${verb} container '${name}': it is paused, a running one wanted`, {
    remedy: `Have it go on with 'netctl unpause ${name}'`,
  });
}

/** Refuse to `verb` a container without processes; a paused one has some. @throws {NetdError} CONTAINER_NOT_RUNNING */
export function checkStarted({ row }: Container, verb: string): void {
  if (row.state === "running") return;
  throw new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot ${verb} container '${row.name}': it is ${row.state}, a running one wanted`,
    { remedy: `Start it with 'netctl start ${row.name}'` },
  );
}
