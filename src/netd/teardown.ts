/**
 * Removes everything that one netd owns, and nothing else. Plans from what exists, goes on after each failure, and tells all of them.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { DnsClient } from "../dns/index.ts";
import { NetdError } from "../errors.ts";
import { FIREWALL_FAMILIES, FIREWALL_TABLE } from "../firewall/index.ts";
import {
  Cgroups,
  type LinkInfo,
  LinkWatcher,
  lockDirectory,
  lockHolder,
  type NetworkStep,
  Nftables,
  teardownSteps,
} from "../kernel/index.ts";
import type { Logger } from "../logger.ts";
import { RuntimeClient } from "../runtime/index.ts";
import { containerPaths } from "./container-dir.ts";
import { cgroupParent } from "./context.ts";
import { planLeave } from "./endpoint/container-network.ts";
import { planOtherBackends } from "./firewall/backend.ts";
import { hasForeignForwarding, planForeignRemoval } from "./foreign/foreign-access.ts";
import { listAllLinks, readBridgeFacts } from "./kernel-facts.ts";
import { planSysctlsBack } from "./network/host-sysctls.ts";
import { linkAlias, planNetworkRemoval } from "./network/network-plan.ts";
import type { NetworkRow } from "./network/network-row.ts";
import type { DaemonOptions } from "./options.ts";
import { type ContainerRow, StateStore } from "./state-store.ts";

/** How long a running netd gets to stop, in milliseconds. */
const STOP_TIMEOUT_MS = 20_000;
/** How long the kernel gets to take veth pairs down, in milliseconds; what is left then is deleted by name. */
const LEAVE_LIMIT_MS = 2_000;

/**
 * Stop this netd if it runs, end its containers, and remove its links, namespaces, rules, cgroups, images and state.
 *
 * Returns what could not be removed; empty when nothing is left.
 */
export async function teardown(options: DaemonOptions, logger: Logger): Promise<Error[]> {
  const { runDir, stateDir } = options;
  if (!existsSync(stateDir) && !existsSync(runDir)) return [];
  await stopDaemon(runDir);
  for (const directory of [runDir, stateDir]) {
    mkdirSync(directory, { recursive: true });
    lockDirectory(directory);
  }
  const failures: Error[] = [];
  const attempt = async (act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  };

  if (existsSync(`${stateDir}/netd.db`)) {
    const owned = readOwned(`${stateDir}/netd.db`);
    logger.debug({ instance: owned.instance }, "tearing down");
    // Ends every process of ours, the helpers after their containers.
    await attempt(() => new Cgroups().kill(cgroupParent(owned.instance)));
    await attempt(async () => await shutDownRuntime(runDir));
    await attempt(async () => await shutDownDns(runDir));
    failures.push(...teardownSteps(planNamespaces(owned, options)));
    await attempt(async () => await waitForVethPairs(owned.instance));
    failures.push(...teardownSteps(planTeardown(owned)));
    await attempt(() => failures.push(...teardownSteps(planForeignRemoval(owned.instance))));
    await attempt(() => failures.push(...teardownSteps(keepForwarding(owned.sysctls))));
  } else {
    await attempt(async () => await shutDownRuntime(runDir));
    await attempt(async () => await shutDownDns(runDir));
  }
  await attempt(() => emptyDirectory(stateDir));
  await attempt(() => emptyDirectory(runDir));
  return failures;
}

interface Owned {
  instance: string;
  networks: NetworkRow[];
  containers: ContainerRow[];
  /** What puts the kernel parameters back that netd changed. */
  sysctls: NetworkStep[];
}

function readOwned(path: string): Owned {
  using store = new StateStore(path);
  return {
    instance: store.getMeta("instance") ?? "",
    networks: store.listNetworks(),
    containers: store.listContainers(),
    sysctls: planSysctlsBack(store),
  };
}

/** Plan the removal of the namespaces of containers that run, or whose start or end was cut short. */
function planNamespaces({ containers }: Owned, options: DaemonOptions): NetworkStep[] {
  return containers
    .filter((row) => row.state === "running" || existsSync(containerPaths(options, row).streams))
    .flatMap((row) => planLeave(row));
}

/** Wait for the kernel to take the veth pairs down with their namespaces: deleting each takes it 30 ms, all together hardly longer. */
async function waitForVethPairs(instance: string): Promise<void> {
  using links = new LinkWatcher();
  const pairs = ownedLinks(instance).filter(({ kind }) => kind === "veth");
  await Promise.all(pairs.map(async ({ name }) => await links.gone(name, LEAVE_LIMIT_MS)));
}

function ownedLinks(instance: string): LinkInfo[] {
  return instance === "" ? [] : listAllLinks().filter(({ alias }) => alias?.startsWith(linkAlias(instance, "")));
}

/** Plan the removal of what is in the kernel: found by ownership tag, or by a record of ours. */
function planTeardown({ instance, networks }: Owned): NetworkStep[] {
  const links = ownedLinks(instance);
  const adopted = networks.filter(({ isAdopted }) => isAdopted);
  return [
    ...links.filter(({ kind }) => kind !== "bridge").map(({ name }): NetworkStep => ({ op: "link.delete", name })),
    ...links.filter(({ kind }) => kind === "bridge").map(({ name }): NetworkStep => ({ op: "link.delete", name })),
    ...adopted.flatMap((network) => planNetworkRemoval(network, { instance, facts: readBridgeFacts(network.bridge) })),
    ...planChains(),
    ...FIREWALL_FAMILIES.map((family): NetworkStep => ({ op: "nft.deleteTable", family, name: FIREWALL_TABLE })),
    { op: "cgroup.delete", path: cgroupParent(instance) },
  ];
}

/** Plan the removal of our chains in the tables of iptables. */
function planChains(): NetworkStep[] {
  using nftables = Nftables.open();
  return planOtherBackends(nftables);
}

/** Leave forwarding on where somebody else's rules show that he relies on it by now. */
function keepForwarding(sysctls: readonly NetworkStep[]): NetworkStep[] {
  if (!hasForeignForwarding()) return [...sysctls];
  return sysctls.filter((step) => step.op !== "sysctl.set" || !/forward|accept_ra/.test(step.key));
}

async function stopDaemon(runDir: string): Promise<void> {
  const pid = lockHolder(runDir);
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (lockHolder(runDir) !== undefined) {
    if (Date.now() > deadline) {
      throw new NetdError("DAEMON_ALREADY_RUNNING", `Cannot tear down '${runDir}': netd (pid ${pid}) does not stop`, {
        remedy: `End it with 'kill -9 ${pid}' and try again`,
      });
    }
    await delay(10);
  }
}

async function shutDownRuntime(runDir: string): Promise<void> {
  const client = await RuntimeClient.connect(`${runDir}/runtime.sock`).catch(() => undefined);
  if (client === undefined) return;
  const { containers } = await client.call("hello", {});
  for (const { containerId } of containers) await client.call("remove", { containerId });
  await client.call("shutdown", {}).catch(() => {});
  await client.closed;
}

async function shutDownDns(runDir: string): Promise<void> {
  const client = await DnsClient.connect(`${runDir}/dns.sock`).catch(() => undefined);
  if (client === undefined) return;
  await client.request({ method: "shutdown" }).catch(() => {});
  await client.closed;
}

/** Remove everything in a directory, and the directory itself when it is not a mount point. */
function emptyDirectory(path: string): void {
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { recursive: true, force: true });
  if (statSync(path).dev === statSync(`${path}/..`).dev) rmSync(path, { recursive: true, force: true });
}
