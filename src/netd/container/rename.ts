/**
 * Another name for a container: its pinned namespace, its name in the network and its neighbours' hosts files follow. Its host name and its host
 * interface stay: they come from its id.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { undoSteps } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { checkContainerName } from "../container-name.ts";
import type { DaemonContext } from "../context.ts";
import { announceName, applyPart } from "../endpoint/container-network.ts";
import { hasOwnNamespace } from "../endpoint/network-mode.ts";
import { openFirewall } from "../firewall/container-firewall.ts";
import { takeTurn } from "./turn.ts";

/**
 * Rename a container; durable on return.
 *
 * @throws {NetdError} CONTAINER_NAME_INVALID, CONTAINER_NAME_TAKEN, NETNS_NAME_TAKEN, STATE_WRITE_FAILED, and nothing has changed
 */
export async function renameContainer(context: DaemonContext, container: Container, name: string): Promise<void> {
  await takeTurn(container, async () => {
    const { containers, store, events, hosts, journal, session } = context;
    const before = container.row;
    checkContainerName(name);
    checkFree(context, before.name, name);
    const isPinned = before.state === "running" && hasOwnNamespace(before.network);
    const applied = isPinned ? applyPart(context, [{ op: "netns.rename", name: before.name, to: name }]) : undefined;
    const row = { ...before, name, spec: { ...before.spec, name } };
    try {
      store.updateContainer(row);
    } catch (error) {
      if (applied !== undefined) undoSteps(applied, { journal: journal.note, session });
      throw error;
    }
    containers.delete(container);
    container.row = row;
    containers.add(container);
    events.emit({ type: "container.renamed", container: name, attributes: { oldName: before.name } });
    if (before.state !== "running" || container.endpoints.length === 0) return;
    openFirewall(context, container);
    await announceName(context, container).catch((error: unknown) => {
      context.logger.warn({ err: error, container: name }, "cannot tell the resolver another name");
    });
    hosts.schedule();
  });
}

function checkFree({ containers }: DaemonContext, name: string, wanted: string): void {
  const holder = containers.byName(wanted);
  if (holder === undefined) return;
  throw new NetdError(
    "CONTAINER_NAME_TAKEN",
    `Cannot rename container '${name}' to '${wanted}': container ${holder.row.id.slice(0, 12)} has that name`,
    { remedy: `Choose another name, or remove it with 'netctl rm ${wanted}'` },
  );
}
