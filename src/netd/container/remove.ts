/**
 * The end of a container: process record, definition and lease, files.
 *
 * @module
 */
import { faultPoint } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { removeDefinition } from "../container-create.ts";
import { deleteContainerDir } from "../container-dir.ts";
import { imageUser } from "../container-registry.ts";
import type { DaemonContext } from "../context.ts";
import { removeAnonymousVolumes } from "../storage/volumes.ts";

/** What goes with a container. */
export interface RemoveContainerOptions {
  /** Its anonymous volumes too. */
  hasVolumes: boolean;
}

/** Remove a container that does not run; does nothing for one that is gone. Call it in the container's turn. @throws {NetdError} STATE_WRITE_FAILED */
export async function removeContainer(
  context: DaemonContext,
  container: Container,
  { hasVolumes }: RemoveContainerOptions,
): Promise<void> {
  const { row, paths } = container;
  const { containers, images, events } = context;
  if (containers.byId(row.id) !== container) return;
  const runtime = await context.runtime.client();
  await runtime.call("remove", { containerId: row.id });
  faultPoint("remove:record");
  removeDefinition(context, container);
  faultPoint("remove:definition");
  deleteContainerDir(paths);
  if (hasVolumes) removeAnonymousVolumes(context, container);
  // Its image may have lost its name while it lived.
  if (images.get(row.spec.image)?.id !== row.image.id) await images.collectGarbage((id) => imageUser(containers, id));
  const attributes = { name: row.name, image: row.spec.image };
  events.emit({ type: "container.removed", container: row.name, id: row.id, attributes });
  for (const settle of [...container.onRemove]) settle(container.row.exitCode ?? 0);
}

/** Remove a container that ended by itself: nobody waits for an error, so it is logged, and the container stays until `rm`. */
export async function removeEnded(context: DaemonContext, container: Container): Promise<void> {
  try {
    await removeContainer(context, container, { hasVolumes: true });
  } catch (error) {
    context.logger.error({ err: error, container: container.row.name }, "cannot remove a container that ended");
  }
}
