/**
 * The default network: which subnet and gateway it has. And of all networks: bridges and forwarding.
 *
 * @module
 */
import { formatIpv4, type IpSubnet, macOfIpv4, parseIpv4, parseSubnet, type Subnet } from "../../address/index.ts";
import { NetdError } from "../../errors.ts";
import { buildTables, policyElements, replaceCommands, STATIC_OWNER } from "../../firewall/index.ts";
import { checkSubnetFree, defaultSubnets, pickSubnet } from "../../ipam/index.ts";
import {
  applySteps,
  type JournalEntry,
  type KernelSession,
  type NetworkStep,
  stepsToShell,
} from "../../kernel/index.ts";
import { type FirewallBackend, iptablesSteps, ownedByNft } from "../firewall/backend.ts";
import { firewallNetworks } from "../firewall/firewall-rows.ts";
import { listTakenSubnets, readBridgeFacts, readHostFacts } from "../kernel-facts.ts";
import type { DaemonOptions } from "../options.ts";
import type { StateStore } from "../state-store.ts";
import { checkSubnet, chooseGateway, listTaken, pickSubnet6 } from "./choose-subnet.ts";
import type { TakenSubnet } from "./host-facts.ts";
import { neededSysctls, planHostSysctls } from "./host-sysctls.ts";
import { planBridge } from "./network-plan.ts";
import { DEFAULT_NETWORK, makeNetworkId, type NetworkRow, networkDefaults } from "./network-row.ts";

/** What {@link ensureNetworks} needs besides the networks. */
export interface EnsureNetworksOptions {
  instance: string;
  /** Of the uplink, in bytes: what networks have that don't say otherwise. */
  mtu: number;
  /** Take over a stranger's bridge for the default network. */
  isAdopting: boolean;
  journal: (entry: JournalEntry) => void;
  session: KernelSession;
}

/** What {@link chooseNetwork} looks things up in. */
export interface ChooseNetworkOptions {
  /** Whether containers have addresses in it. */
  hasLeases: boolean;
  /** The other networks. */
  others: readonly NetworkRow[];
  /** This host's own IPv6 prefix. */
  ula: () => IpSubnet;
}

/**
 * Choose the default network: the remembered one, changed by the flags as long as nobody has an address in it.
 *
 * @throws {NetdError} NETWORK_IN_USE, SUBNET_INVALID, SUBNET_OVERLAPS_ROUTE, SUBNET_POOL_EXHAUSTED, ADDRESS_INVALID, IPAM_ADDRESS_*
 */
export function chooseNetwork(
  options: DaemonOptions,
  remembered: NetworkRow | undefined,
  { hasLeases, others, ula }: ChooseNetworkOptions,
): NetworkRow {
  const { bridge, subnet6: wanted6 } = options;
  const taken = listTakenSubnets(bridge);
  const wanted = options.subnet === undefined ? undefined : parseSubnet(options.subnet);
  if (remembered !== undefined && hasLeases) {
    const differs = [
      wanted !== undefined && wanted.cidr !== remembered.subnet ? `subnet ${remembered.subnet}` : undefined,
      options.gateway !== undefined && options.gateway !== remembered.gateway
        ? `gateway ${remembered.gateway}`
        : undefined,
      wanted6 !== undefined && !isSameSubnet6(wanted6, remembered.subnet6)
        ? `IPv6 subnet ${remembered.subnet6 ?? "none"}`
        : undefined,
      bridge !== remembered.bridge && bridge !== "br0" ? `bridge ${remembered.bridge}` : undefined,
    ].find((text) => text !== undefined);
    if (differs !== undefined) {
      throw new NetdError(
        "NETWORK_IN_USE",
        `Cannot change the default network: containers have addresses in it, with ${differs}`,
        {
          remedy: "Start netd without that flag, or remove the containers first",
        },
      );
    }
    return remembered;
  }
  const subnet = chooseSubnet(wanted, remembered, taken);
  const gateway =
    options.gateway ??
    (remembered?.subnet === subnet.cidr ? remembered.gateway : undefined) ??
    formatIpv4(subnet.first + 1);
  checkGateway(gateway, subnet);
  const { subnet6: oldSubnet6, gateway6: oldGateway6, ...before } = remembered ?? {};
  const six =
    wanted6 === undefined || isSameSubnet6(wanted6, oldSubnet6)
      ? {
          ...(oldSubnet6 === undefined ? {} : { subnet6: oldSubnet6 }),
          ...(oldGateway6 === undefined ? {} : { gateway6: oldGateway6 }),
        }
      : chooseSubnet6(wanted6, listTaken(others, readHostFacts(), bridge), ula);
  const found = options.isAdopting && remembered === undefined ? readBridgeFacts(bridge) : undefined;
  return {
    ...networkDefaults(),
    id: makeNetworkId(),
    createdAt: new Date().toISOString(),
    ...(found?.link === undefined ? {} : { foundAddresses: found.addresses.map(({ address }) => address) }),
    ...before,
    ...six,
    name: DEFAULT_NETWORK,
    bridge,
    subnet: subnet.cidr,
    gateway,
    mac: macOfIpv4(gateway),
    isAdopted: options.isAdopting && readBridgeFacts(bridge).link !== undefined,
  };
}

/** Whether the network has what `--subnet6` asks for. */
function isSameSubnet6(wanted: string, subnet6: string | undefined): boolean {
  return wanted === "auto" ? subnet6 !== undefined : wanted === "none" ? subnet6 === undefined : wanted === subnet6;
}

function chooseSubnet6(
  wanted: string,
  taken: readonly TakenSubnet[],
  ula: () => IpSubnet,
): Pick<NetworkRow, "subnet6" | "gateway6"> {
  if (wanted === "none") return {};
  const subnet = wanted === "auto" ? pickSubnet6(ula(), taken) : checkSubnet(wanted, 6, taken);
  return { subnet6: subnet.cidr, gateway6: chooseGateway(subnet, undefined) };
}

function chooseSubnet(
  wanted: Subnet | undefined,
  remembered: NetworkRow | undefined,
  taken: ReturnType<typeof listTakenSubnets>,
): Subnet {
  const usable = wanted ?? (remembered?.subnet === undefined ? undefined : parseSubnet(remembered.subnet));
  if (usable === undefined) return pickSubnet(defaultSubnets(), taken);
  if (usable.prefixLength > 30 || usable.prefixLength < 8) {
    throw new NetdError("SUBNET_INVALID", `Cannot use subnet ${usable.cidr}: a prefix length from 8 to 30 wanted`, {
      remedy: "Give a subnet like 172.16.0.0/24",
    });
  }
  checkSubnetFree(usable, taken);
  return usable;
}

function checkGateway(gateway: string, subnet: Subnet): void {
  const value = parseIpv4(gateway);
  if (value > subnet.first && value < subnet.last) return;
  throw new NetdError(
    "IPAM_ADDRESS_OUTSIDE_SUBNET",
    `Cannot use gateway ${gateway}: it is no host address of ${subnet.cidr}`,
    {
      remedy: `Give one from ${formatIpv4(subnet.first + 1)} to ${formatIpv4(subnet.last - 1)}`,
    },
  );
}

/**
 * Bring the kernel to what the networks want: sysctls and bridges. What is already right is left alone, so that a restart costs no packet.
 * The bridge of the default network must be had; what is wrong with another's is told to `onFailure`, and the rest goes on.
 *
 * @throws {NetdError} BRIDGE_FOREIGN, KERNEL_CALL_FAILED
 */
export function ensureNetworks(
  store: StateStore,
  networks: readonly NetworkRow[],
  options: EnsureNetworksOptions & { onFailure: (network: NetworkRow, error: unknown) => void },
): void {
  const { journal, session } = options;
  applySteps(planHostSysctls(store, networks), { journal, session });
  for (const network of networks) {
    try {
      ensureBridge(network, options);
    } catch (error) {
      if (network.name === DEFAULT_NETWORK) throw error;
      options.onFailure(network, error);
    }
  }
}

function ensureBridge(
  network: NetworkRow,
  { instance, mtu, isAdopting, journal, session }: EnsureNetworksOptions,
): void {
  const steps = planBridge(network, {
    facts: readBridgeFacts(network.bridge),
    instance,
    mtu: network.mtu ?? mtu,
    isAdopting: isAdopting && network.name === DEFAULT_NETWORK,
  });
  applySteps(steps, { journal, session });
}

/** The commands that make the network by hand, on a host that has nothing of it. */
export function showNetwork(
  network: NetworkRow,
  { firewall, ...options }: Pick<EnsureNetworksOptions, "instance" | "mtu"> & { firewall: FirewallBackend },
): string[] {
  const bridge = planBridge(network, { facts: { link: undefined, addresses: [] }, ...options, isAdopting: false });
  return stepsToShell([...neededSysctls([network]), ...bridge, ...planFirewall(network, firewall)]);
}

/** Plan the rules for a host on which this is the only network. */
function planFirewall(network: NetworkRow, backend: FirewallBackend): NetworkStep[] {
  const model = { networks: firewallNetworks([network]), endpoints: [], ports: [], allows: [], acls: [] };
  const tables = ownedByNft(backend, buildTables(model, false));
  const elements = new Map([[STATIC_OWNER, ownedByNft(backend, policyElements(model))]]);
  return [
    { op: "nft.apply", commands: replaceCommands({ tables, elements }), undo: [] },
    ...iptablesSteps(backend, model),
  ];
}
