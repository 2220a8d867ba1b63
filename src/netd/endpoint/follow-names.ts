/**
 * Has the files of a running container, and of its neighbours, follow a change of its networks.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { writeGeneratedFiles } from "../names/container-hosts.ts";

/** Write the container's own files at once, in place, and those of its neighbours soon. What fails is logged: the change itself stands. */
export function followNames(context: DaemonContext, container: Container): void {
  try {
    writeGeneratedFiles(context, container);
  } catch (error) {
    context.logger.error({ err: error, container: container.row.name }, "cannot rewrite a container's files");
  }
  context.hosts.schedule();
}
