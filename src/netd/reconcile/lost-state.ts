/**
 * What to do when the state file is gone while its containers run: nothing of it is guessed, and nothing of it is destroyed.
 *
 * The instance is also in the run directory, so that what carries its tag is known as our own again. The bridge of the default network keeps its
 * address; containers that nobody knows any more go on, their addresses are given to nobody, their directories are set aside, and doctor tells of
 * them.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ipSubnet, parseIpAddress } from "../../address/index.ts";
import type { KernelSession } from "../../kernel/index.ts";
import type { Logger } from "../../logger.ts";
import type { ContainerRecord } from "../../runtime/index.ts";
import type { DaemonContext } from "../context.ts";
import { readBridgeFacts } from "../kernel-facts.ts";
import { linkAlias } from "../network/network-plan.ts";
import type { DaemonOptions } from "../options.ts";
import type { StateStore } from "../state-store.ts";
import { readNamespace } from "./read-facts.ts";

/** Key in the state: there while containers of a state that was lost may run. */
const LOST = "lost-state";

/** Know this netd again: by its state, else by its run directory; else it is a new one. */
export function openInstance(store: StateStore, runDir: string, logger: Logger): string {
  const known = store.getMeta("instance");
  const kept = known === undefined ? readKept(`${runDir}/instance`) : undefined;
  const instance = known ?? kept ?? randomBytes(4).toString("hex");
  if (kept !== undefined) {
    logger.error({ instance }, "the state is gone while its run directory is not: what is certain is taken over");
    store.setMeta(LOST, kept);
  }
  if (known === undefined) store.setMeta("instance", instance);
  if (readKept(`${runDir}/instance`) !== instance) writeFileSync(`${runDir}/instance`, `${instance}\n`);
  return instance;
}

/** Whether containers of a state that was lost may run. */
export function isStateLost(store: StateStore): boolean {
  return (store.getMeta(LOST) ?? "") !== "";
}

/** Forget that a state was lost: nothing of it runs any more. */
export function forgetLostState(store: StateStore): void {
  if (isStateLost(store)) store.setMeta(LOST, "");
}

/** Have the default network be where its bridge is, when the state that knew is gone and no flag says otherwise. */
export function adoptBridgeAddress(options: DaemonOptions, store: StateStore, instance: string): DaemonOptions {
  if (!isStateLost(store) || options.subnet !== undefined || options.gateway !== undefined) return options;
  const { link, addresses } = readBridgeFacts(options.bridge);
  const [first] = addresses.filter(({ family }) => family === "inet");
  if (link?.alias !== linkAlias(instance, "bridge") || first === undefined) return options;
  const [gateway = "", length = ""] = first.address.split("/");
  return { ...options, subnet: networkOf(gateway, Number(length)), gateway };
}

/** Remove directories whose container is gone: a removal that netd did not live to finish. Those of a lost state are set aside, with its volumes. */
export function clearContainerDirs(store: StateStore, stateDir: string, isKnown: (id: string) => boolean): void {
  const isLost = isStateLost(store);
  for (const id of readdirSync(`${stateDir}/containers`)) {
    if (isKnown(id)) continue;
    if (isLost) setAside(stateDir, `containers/${id}`);
    else rmSync(`${stateDir}/containers/${id}`, { recursive: true, force: true });
  }
  if (isLost && existsSync(`${stateDir}/volumes`)) {
    for (const name of readdirSync(`${stateDir}/volumes`)) {
      if (!hasVolume(store, name)) setAside(stateDir, `volumes/${name}`);
    }
  }
}

/** The table comes with the first volume. */
function hasVolume({ database }: StateStore, name: string): boolean {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'volumes'").get();
  return table !== undefined && database.prepare("SELECT 1 FROM volumes WHERE name = ?").get(name) !== undefined;
}

function setAside(stateDir: string, path: string): void {
  mkdirSync(dirname(`${stateDir}/lost/${path}`), { recursive: true, mode: 0o711 });
  renameSync(`${stateDir}/${path}`, `${stateDir}/lost/${path}`);
}

/** Deal with containers of the runtime that the state does not know: those of a lost state go on, others are removed by `remove`. */
export async function settleUnknown(
  context: DaemonContext,
  records: readonly ContainerRecord[],
  remove: (containerId: string) => Promise<unknown>,
): Promise<void> {
  const { store, logger, events, session } = context;
  const isLost = isStateLost(store);
  for (const { containerId, state, pid } of records) {
    if (isLost && state === "running") {
      logger.error({ containerId, pid }, "a container of the lost state runs, it is left alone");
      events.emit({ type: "container.lost", attributes: { id: containerId, pid: String(pid) } });
      occupyAddresses(context, session, { containerId, pid });
      continue;
    }
    logger.warn({ containerId }, "the runtime has a container that the state does not know, it is removed");
    await remove(containerId);
  }
}

/** Have nobody get the addresses of a container. */
function occupyAddresses(
  { networks, ipam, logger }: DaemonContext,
  session: KernelSession,
  { containerId, pid }: { containerId: string; pid: number },
): void {
  try {
    const facts = readNamespace(session, `/proc/${pid}/ns/net`);
    const held = [...(facts?.addresses.values() ?? [])].flat().map((address) => address.split("/")[0] ?? "");
    for (const { name } of networks) {
      for (const address of held) ipam.occupy(name, address, `container ${containerId.slice(0, 12)} of a lost state`);
    }
  } catch (error) {
    logger.error({ err: error, containerId }, "cannot tell the addresses of a container of the lost state");
  }
}

function readKept(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^[0-9a-f]{8}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function networkOf(address: string, length: number): string {
  return ipSubnet(parseIpAddress(address), length).cidr;
}
