/**
 * Puts the daemon together at start, and brings the kernel and the helpers to what the state file says.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { release } from "node:os";
import { DnsClient } from "../dns/index.ts";
import { ImageStore } from "../image/index.ts";
import { Ipam, SqliteLeaseStore } from "../ipam/index.ts";
import { becomeSubreaper, KernelSession, LinkWatcher, lockDirectory, readSysctl } from "../kernel/index.ts";
import type { Logger } from "../logger.ts";
import { type ContainerRecord, type HelloResult, RuntimeClient } from "../runtime/index.ts";
import { PendingChanges } from "./change/pending-changes.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import { markEnded, resumeRestarts, settleEnd } from "./container/end.ts";
import { watchHealth } from "./container/health.ts";
import { ContainerLifecycle } from "./container/lifecycle.ts";
import { adoptPauses } from "./container/pause.ts";
import { type Container, makeContainer } from "./container.ts";
import { planCapabilities } from "./container-config.ts";
import { containerPaths } from "./container-dir.ts";
import { ContainerRegistry, imageUser } from "./container-registry.ts";
import type { DaemonContext } from "./context.ts";
import { leaveNetwork } from "./endpoint/container-network.ts";
import { findEndpoints } from "./endpoint/endpoint-leases.ts";
import { EventFeed } from "./events.ts";
import { openFirewall } from "./firewall/container-firewall.ts";
import { Firewall } from "./firewall/firewall.ts";
import { firewallContainer, firewallNetworks } from "./firewall/firewall-rows.ts";
import { Policies } from "./firewall/policies.ts";
import { readPolicy } from "./firewall/policy-store.ts";
import { ForeignAccess } from "./foreign/foreign-access.ts";
import { dnsCommand, runtimeCommand } from "./helper-commands.ts";
import { HelperProcess } from "./helper-process.ts";
import { Journal } from "./journal.ts";
import { KeptDescriptors } from "./kept-descriptors.ts";
import { readUplinkMtu } from "./kernel-facts.ts";
import { endCutShortImport } from "./lease/import-leases.ts";
import { occupyKernelAddresses } from "./lease/kernel-addresses.ts";
import { rewriteAllHosts } from "./names/container-hosts.ts";
import { HostsWriter } from "./names/hosts-writer.ts";
import { listZones, tellZones } from "./names/zones.ts";
import { chooseNetwork, ensureNetworks } from "./network/default-network.ts";
import { hostUla } from "./network/host-ula.ts";
import { DEFAULT_NETWORK } from "./network/network-row.ts";
import { Networks } from "./network/networks.ts";
import { finishReplacements } from "./network/replace-network.ts";
import type { DaemonOptions } from "./options.ts";
import { Publishing } from "./publish/publishing.ts";
import { Reaper } from "./reaper.ts";
import { driftPolicyOf, lookAtKernel, mendDrift } from "./reconcile/look.ts";
import { adoptBridgeAddress, clearContainerDirs, openInstance, settleUnknown } from "./reconcile/lost-state.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { followUplink } from "./reconcile/uplink.ts";
import { watchNetwork } from "./reconcile/watch.ts";
import { defaultSeccompProfile } from "./seccomp/default-profile.ts";
import { describeMachine } from "./seccomp/machine.ts";
import { StateStore } from "./state-store.ts";
import { VolumeStore } from "./storage/volume-store.ts";

/** Host program that the built-in image is made from. */
const STATIC_BUSYBOX = "/bin/busybox";

/** How often everything is compared with the kernel though nothing was heard, in milliseconds. */
const POLL_MS = 30_000;

/** What {@link openContext} returns. */
export interface OpenedDaemon {
  context: DaemonContext;
  lifecycle: ContainerLifecycle;
  publishing: Publishing;
  policies: Policies;
  /** Listens to the kernel until it is disposed of. */
  watch: Disposable;
}

/** Open state and kernel; on return, containers that were running are known again and everything is as the state says. */
export async function openContext(options: DaemonOptions, logger: Logger): Promise<OpenedDaemon> {
  const { runDir, stateDir } = options;
  mkdirSync(runDir, { recursive: true, mode: 0o755 });
  mkdirSync(`${stateDir}/containers`, { recursive: true, mode: 0o711 });
  lockDirectory(runDir);
  lockDirectory(stateDir);
  becomeSubreaper();

  const store = new StateStore(`${stateDir}/netd.db`);
  const instance = openInstance(store, runDir, logger);
  const registry = new ContainerRegistry();
  const ipam = new Ipam(new SqliteLeaseStore(store.database), {
    now: () => new Date(),
    nameOf: (id) => registry.byId(id)?.row.name,
    bootId: readSysctl("kernel/random/boot_id"),
  });
  endCutShortImport({ store, ipam });
  const rows = store.listContainers();
  const remembered = store.listNetworks().find(({ name }) => name === DEFAULT_NETWORK);
  const hasLeases = rows.some(({ endpoints }) => endpoints.some(({ network }) => network === DEFAULT_NETWORK));
  const others = store.listNetworks().filter(({ name }) => name !== DEFAULT_NETWORK);
  const network = chooseNetwork(adoptBridgeAddress(options, store, instance), remembered, {
    hasLeases,
    others,
    ula: () => hostUla(store, randomBytes),
  });
  const networks = new Networks([network, ...others]);
  const uplink = { mtu: readUplinkMtu() };
  const session = new KernelSession();
  const journal = new Journal(`${stateDir}/journal.ndjson`);
  ensureNetworks(store, [...networks], {
    ...{ instance, mtu: uplink.mtu, isAdopting: options.isAdopting, journal: journal.note, session },
    onFailure: ({ name }, error) => logger.error({ err: error, network: name }, "cannot make the bridge of a network"),
  });
  store.saveNetwork(network);
  const foreign = new ForeignAccess({ instance, networks, session, journal: journal.note, logger });
  foreign.sync();
  for (const opened of networks) ipam.openNetwork(opened);
  for (const row of rows) {
    const endpoints = findEndpoints(ipam, row);
    if (endpoints.length < row.endpoints.length) {
      logger.error({ container: row.name }, "container has no lease, it is left out");
    } else registry.add(makeContainer(row, endpoints, containerPaths(options, row)));
  }
  occupyKernelAddresses({ ipam, networks, containers: registry, logger });
  clearContainerDirs(store, stateDir, (id) => registry.byId(id) !== undefined);
  const firewall = new Firewall({ session, journal: journal.note, backend: options.firewall });
  firewall.load(
    { networks: firewallNetworks(networks), ...readPolicy(store) },
    [...registry]
      .filter(({ row }) => row.state === "running")
      .map((container) => [container.row.id, firewallContainer(networks, container)]),
  );
  try {
    firewall.removeOthers();
  } catch (error) {
    logger.error({ err: error }, "cannot remove the rules of an earlier netd with another --firewall");
  }

  const images = new ImageStore(`${stateDir}/images`);
  await images.ensureBusybox(STATIC_BUSYBOX).catch((error: unknown) => {
    logger.warn({ err: error }, "there is no built-in image");
  });

  await images.collectGarbage((id) => imageUser(registry, id));

  const kept = new KeptDescriptors();
  const reaper = new Reaper((pid) => [...registry].some(({ row }) => row.state === "running" && row.pid === pid));
  const helperLog = (name: string) => `${stateDir}/${name}.log`;
  let lifecycle: ContainerLifecycle | undefined;
  const events = new EventFeed({
    now: SYSTEM_CLOCK.now,
    describe: (name) => {
      const row = registry.byName(name)?.row;
      return row === undefined ? {} : { id: row.id, attributes: { name, image: row.spec.image } };
    },
  });
  const context: DaemonContext = {
    options,
    instance,
    store,
    ipam,
    images,
    networks,
    firewall,
    uplink,
    containers: registry,
    volumes: new VolumeStore(store, `${stateDir}/volumes`),
    journal,
    session,
    links: new LinkWatcher(),
    events,
    foreign,
    reconciler: new Reconciler({
      look: (scope) => lookAtKernel(context, scope),
      mend: (drift) => mendDrift(context, drift),
      policyOf: (drift) => driftPolicyOf(context, drift),
      ...{ clock: SYSTEM_CLOCK, events, logger, pollMs: POLL_MS },
    }),
    changes: new PendingChanges({ state: store, clock: SYSTEM_CLOCK, events, logger }),
    hosts: new HostsWriter(() => rewriteAllHosts(context)),
    logger,
    now: SYSTEM_CLOCK.now,
    clock: SYSTEM_CLOCK,
    runtime: new HelperProcess<RuntimeClient>({
      name: "netd-runtime",
      command: runtimeCommand(options),
      logFile: helperLog("netd-runtime"),
      connect: () => RuntimeClient.connect(`${runDir}/runtime.sock`),
      onConnected: async (client) => {
        const hello = await client.call("hello", {});
        client.onEvent((event) => {
          if (event.event === "descriptors") {
            kept.take(hello.pid, event.params.descriptors);
            return;
          }
          kept.release(event.params.containerId);
          void lifecycle?.handleExit(event.params).finally(() => reaper.reap());
        });
        for (const { containerId, state } of hello.containers) if (state === "exited") kept.release(containerId);
        await kept.settle(client, hello.pid);
        await takeOver(context, lifecycle!, client, hello);
        reaper.reap();
        void prepareDefaultFilter(client, logger);
      },
      logger,
    }),
    dns: new HelperProcess<DnsClient>({
      name: "netd-dns",
      command: dnsCommand(options),
      logFile: helperLog("netd-dns"),
      connect: () => DnsClient.connect(`${runDir}/dns.sock`),
      onConnected: async (client) => {
        await tellZones(
          listZones(context),
          async (zones) => await client.request({ method: "setZones", zones }),
          (name, error) => logger.error({ err: error, network: name }, "cannot answer names in a network"),
        );
      },
      logger,
    }),
  };
  lifecycle = new ContainerLifecycle(context);
  await startHelpers(context);
  adoptPauses(context);
  context.hosts.schedule();
  resumeRestarts(context);
  finishReplacements(context);
  const publishing = new Publishing(context);
  const policies = new Policies(context);
  context.reconciler.start();
  followUplink(context);
  const watch = watchNetwork(context, { onUplink: () => followUplink(context) });
  journal.flush();
  return { context, lifecycle, publishing, policies, watch };
}

/** Start both helpers; when one fails and nothing runs that needs the other, end that one too. */
async function startHelpers({ runtime, dns, containers }: DaemonContext): Promise<void> {
  const failure = (await Promise.allSettled([runtime.start(), dns.start()])).find(
    ({ status }) => status === "rejected",
  );
  if (failure === undefined) return;
  const isNeeded = [...containers].some(({ row }) => row.state === "running");
  if (!isNeeded) {
    await runtime.current?.call("shutdown", {}).catch(() => {});
    await dns.current?.request({ method: "shutdown" }).catch(() => {});
  }
  runtime.stop();
  dns.stop();
  throw (failure as PromiseRejectedResult).reason;
}

/** Compare what the runtime has with what the state says; the runtime knows better what runs, the state what should exist. */
async function takeOver(
  context: DaemonContext,
  lifecycle: ContainerLifecycle,
  client: RuntimeClient,
  hello: HelloResult,
): Promise<void> {
  const { containers, store } = context;
  const records = new Map(hello.containers.map((record) => [record.containerId, record]));
  for (const container of [...containers]) {
    const record = records.get(container.row.id);
    const { state } = container.row;
    if (record?.state === "running") {
      if (state !== "running") {
        container.row = {
          ...container.row,
          state: "running",
          pid: record.pid,
          startTime: record.startTime,
          startedAt: context.now().toISOString(),
        };
        store.updateContainerState(container.row);
        openFirewall(context, container);
      }
      watchHealth(context, container);
    } else if (state === "running") {
      await endUnseen(context, lifecycle, container, record);
    } else if (existsSync(container.paths.streams)) {
      // A start that netd did not live to finish.
      await leaveNetwork(context, container);
    }
  }
  context.reconciler.heal({ rules: false, inside: false });
  const unknown = hello.containers.filter(({ containerId }) => containers.byId(containerId) === undefined);
  await settleUnknown(context, unknown, async (containerId) => await client.call("remove", { containerId }));
}

async function endUnseen(
  context: DaemonContext,
  lifecycle: ContainerLifecycle,
  container: Container,
  record: ContainerRecord | undefined,
): Promise<void> {
  const { exitCode = null, finishedAt = context.now().toISOString(), logLoss, oomKilled } = record ?? {};
  await markEnded(context, container, { exitCode, finishedAt, oomKilled, ...(logLoss && { logLoss }) });
  settleEnd(container);
  if (container.row.spec.autoRemove === true) {
    // The runtime's connection is not in use before this returns: removal waits for it.
    setImmediate(
      () =>
        void lifecycle
          .remove(container, false, true)
          .catch((error: unknown) => context.logger.error({ err: error }, "cannot remove")),
    );
  }
}

/** Have the runtime compile the filter that most containers get. One that can't says so again at the start of a container. */
async function prepareDefaultFilter(client: RuntimeClient, logger: Logger): Promise<void> {
  const machine = describeMachine(process.arch, release());
  const seccomp = defaultSeccompProfile({ capabilities: planCapabilities([], []), ...machine });
  await client.call("prepare", { seccomp }).catch((error: unknown) => {
    logger.warn({ err: error }, "the default seccomp profile can't be compiled");
  });
}
