/**
 * The root of a container, running or not, for those who copy files.
 *
 * @module
 */
import { closeSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { openOverlayRoot, openProcessRoot } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { isSameProcess } from "./same-process.ts";

/**
 * Open the root of a container as it sees it itself, its volumes included; the caller closes it.
 *
 * @throws {NetdError} CONTAINER_NOT_RUNNING when it ended at this moment
 */
export function openContainerRoot(context: DaemonContext, { row, paths }: Container): number {
  const { pid, startTime } = row;
  if (pid !== undefined && startTime !== undefined) {
    const rootFd = openProcessRoot(pid);
    if (isSameProcess(pid, startTime)) return rootFd;
    closeSync(rootFd);
    throw new NetdError("CONTAINER_NOT_RUNNING", `Cannot look into container '${row.name}': it has just ended`, {
      remedy: "Do it again",
    });
  }
  const binds = (row.spec.mounts ?? []).flatMap(({ type = "bind", source, target }) =>
    type === "tmpfs" || source === undefined
      ? []
      : [{ source: type === "volume" ? context.volumes.pathOf(source) : source, target }],
  );
  return openOverlayRoot({
    lower: context.images.layersOf(row.image.id),
    upper: { upper: paths.upper, work: paths.work },
    // Where nothing was ever started there is no mount point yet.
    binds: row.startedAt === undefined ? [] : binds,
  });
}
