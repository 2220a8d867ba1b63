/**
 * Refuses what only a running container can do.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { Container } from "../container.ts";

/** Refuse to `verb` a container that does not run. @throws {NetdError} CONTAINER_NOT_RUNNING */
export function checkRunning({ row }: Container, verb: string): void {
  if (row.state === "running") return;
  throw new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot ${verb} container '${row.name}': it is ${row.state}, a running one wanted`,
    { remedy: `Start it with 'netctl start ${row.name}'` },
  );
}
