/**
 * Brings one network to life while netd runs, and ends it: addresses, bridge, rules, names.
 *
 * @module
 */
import { type AppliedSteps, type NetworkStep, undoSteps } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { applyPart } from "../endpoint/container-network.ts";
import { firewallContainer, firewallNetworks } from "../firewall/firewall-rows.ts";
import { readBridgeFacts } from "../kernel-facts.ts";
import { listZones, tellZones } from "../names/zones.ts";
import { neededSysctls, planHostSysctls } from "./host-sysctls.ts";
import { planBridge } from "./network-plan.ts";
import type { NetworkRow } from "./network-row.ts";

/** Plan a network that is not there yet, with all that it needs of the host. @throws {NetdError} BRIDGE_FOREIGN */
export function planOpening(context: DaemonContext, row: NetworkRow): NetworkStep[] {
  return [
    ...neededSysctls([row]),
    ...planNetworkBridge(context, row),
    ...planFirewall(context, [...context.networks, row]),
  ];
}

/**
 * Bring a network to life.
 *
 * @throws {NetdError} what the kernel, the firewall or the resolver refuses: then nothing is left of it
 */
export async function openNetwork(context: DaemonContext, row: NetworkRow): Promise<void> {
  let applied: AppliedSteps | undefined;
  try {
    context.ipam.openNetwork(row);
    applied = applyPart(context, [
      ...planHostSysctls(context.store, [...context.networks, row]),
      ...planNetworkBridge(context, row),
    ]);
    context.networks.set(row);
    setFirewall(context);
    await tellResolver(context, row.name);
  } catch (error) {
    context.networks.delete(row.name);
    await closeNetwork(context, row);
    const failures =
      applied === undefined ? [] : undoSteps(applied, { journal: context.journal.note, session: context.session });
    context.journal.flush();
    for (const failure of failures) {
      context.logger.error(
        { err: failure, network: row.name },
        "cannot undo a step of a network that could not be made",
      );
    }
    throw error;
  }
}

/** Take a network's rules and names away, after it was taken out of the list. Goes on after each failure, and logs them. */
export async function closeNetwork(context: DaemonContext, { name }: NetworkRow): Promise<void> {
  const { logger } = context;
  try {
    setFirewall(context);
  } catch (error) {
    logger.error({ err: error, network: name }, "cannot take away the rules of a network");
  }
  await tellResolver(context, name).catch((error: unknown) => {
    logger.warn({ err: error, network: name }, "cannot take the names of a network from the resolver");
  });
}

/**
 * Put the rules of all networks in force, and those of containers that a change of their network concerns.
 *
 * @throws {NetdError} NFT_FAILED, and those before are in force as far as networks go
 */
export function setFirewall({ firewall, networks, journal }: DaemonContext, members: Iterable<Container> = []): void {
  try {
    const { allows, acls } = firewall.policy;
    firewall.setNetworks(firewallNetworks(networks), allows, acls);
    for (const container of members) firewall.setContainer(container.row.id, firewallContainer(networks, container));
  } finally {
    journal.flush();
  }
}

/** Plan what {@link setFirewall} would do, were the networks these. */
export function planFirewall({ firewall }: DaemonContext, networks: Iterable<NetworkRow>): NetworkStep[] {
  const { allows, acls } = firewall.policy;
  return firewall.previewNetworks(firewallNetworks(networks), allows, acls);
}

/**
 * Have the resolver answer for the networks there are; what is asked of it meanwhile is not lost. Other networks that it can't answer for are logged.
 *
 * @throws {NetdError} DNS_UNAVAILABLE, DNS_LISTEN_FAILED: it can't answer for the network of this name
 */
export async function tellResolver(context: DaemonContext, name: string): Promise<void> {
  const { dns, logger } = context;
  const client = await dns.client();
  let failure: unknown;
  await tellZones(
    listZones(context),
    async (zones) => await client.request({ method: "setZones", zones }),
    (network, error) => {
      if (network === name) failure = error;
      else logger.warn({ err: error, network }, "the resolver can't answer for a network");
    },
  );
  if (failure !== undefined) throw failure;
}

function planNetworkBridge({ instance, uplink }: DaemonContext, row: NetworkRow): NetworkStep[] {
  return planBridge(row, {
    facts: readBridgeFacts(row.bridge),
    instance,
    mtu: row.mtu ?? uplink.mtu,
    isAdopting: row.isAdopted,
  });
}
