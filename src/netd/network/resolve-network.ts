/**
 * From what was asked for to a network with everything picked that was left open. Pure.
 *
 * @module
 */
import {
  formatIpAddress,
  type IpSubnet,
  ipSubnet,
  macOfAddress,
  parseIpAddress,
  parseMacPrefix,
} from "../../address/index.ts";
import type { NetworkSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { LinkInfo } from "../../kernel/index.ts";
import { checkNetwork } from "./check-network.ts";
import { checkSubnet, chooseGateway, listTaken, pickSubnet4, pickSubnet6 } from "./choose-subnet.ts";
import { givenSettings } from "./given-settings.ts";
import type { ChosenLink, HostFacts } from "./host-facts.ts";
import { type NetworkRow, networkDefaults } from "./network-row.ts";
import { checkParent, refuseForMacvlan } from "./resolve-macvlan.ts";

/** What {@link resolveNetwork} looks things up in. */
export interface ResolveNetworkOptions {
  networks: Iterable<NetworkRow>;
  host: HostFacts;
  /** This host's own /48, of which networks with `subnet6: "auto"` get a /64 each. */
  ula: IpSubnet;
  /** Of the new network: ten hexadecimal digits. */
  id: string;
  now: Date;
}

/** Words that mean something else where a network's name is wanted. */
const RESERVED = new Map([
  ["none", "it means no network at all"],
  ["host", "it means the host's own network"],
  ["bridge", "it is what docker calls the default network"],
  ["container", "it means another container's network"],
]);

/** dev_valid_name() of the kernel, and IFNAMSIZ of linux/if.h less the final zero byte. */
const LINK_NAME = /^(?!\.{1,2}$)[^/:\s]{1,15}$/;

/** What the words for "none of this family" and "pick one" are. */
const NONE = "none";
const AUTO = "auto";

/**
 * Resolve a network.
 *
 * @throws {NetdError} NETWORK_NAME_TAKEN, NETWORK_INVALID, BRIDGE_FOREIGN, LINK_MISSING, SUBNET_*, ADDRESS_INVALID, MAC_INVALID,
 * IPAM_ADDRESS_OUTSIDE_SUBNET: nothing was done
 */
export function resolveNetwork(spec: NetworkSpec, options: ResolveNetworkOptions): NetworkRow {
  const networks = [...options.networks];
  checkName(spec.name, networks);
  checkContradictions(spec);
  const link =
    spec.kind === "macvlan" ? checkParent(spec, networks, options.host) : chooseBridge(spec, networks, options);
  const held = spec.adopt === true ? options.host.addresses.filter((address) => address.link === link.name) : [];
  const taken = listTaken(networks, options.host, link.name);
  const four = chooseFour(
    spec,
    taken,
    held.map(({ address }) => address),
  );
  const six = chooseSix(spec, taken, options.ula);
  const gateways = chooseGateways(
    spec,
    four,
    six,
    held.map(({ address }) => address),
  );
  const { name, kind, macvlanMode, mtu, domain } = spec;
  const defaults = networkDefaults();
  const macPrefix = spec.macPrefix === undefined ? undefined : parseMacPrefix(spec.macPrefix);
  // Who uses somebody else's link has the packets that it takes.
  const adoptedMtu = spec.adopt === true || kind === "macvlan" ? link.existing?.mtu : undefined;
  const row: NetworkRow = {
    ...defaults,
    ...(kind === undefined ? {} : { kind }),
    ...(kind === "macvlan" ? { nat: "off", nat6: "off", macvlanMode: macvlanMode ?? "bridge" } : {}),
    name,
    id: options.id,
    bridge: link.name,
    mac: bridgeMac(link.existing, gateways),
    isAdopted: spec.adopt === true,
    ...(spec.adopt === true ? { foundAddresses: held.map(({ address }) => address) } : {}),
    ...(four === undefined ? {} : { subnet: four.cidr }),
    ...(six === undefined ? {} : { subnet6: six.cidr }),
    ...gateways,
    ...((mtu ?? adoptedMtu) === undefined ? {} : { mtu: mtu ?? adoptedMtu! }),
    ...(domain === undefined ? {} : { domain }),
    ...(macPrefix === undefined ? {} : { macPrefix }),
    ...givenSettings(spec),
    createdAt: options.now.toISOString(),
  };
  checkNetwork(row, options.host.addresses);
  return row;
}

/** @throws {NetdError} NETWORK_NAME_TAKEN */
function checkName(name: string, networks: readonly NetworkRow[]): void {
  const reserved = RESERVED.get(name);
  if (reserved !== undefined) {
    throw new NetdError("NETWORK_NAME_TAKEN", `Cannot create network '${name}': ${reserved}, another name wanted`, {
      remedy: `Choose another name; '--network ${name}' can be given to containers as it is`,
    });
  }
  if (!networks.some((known) => known.name === name)) return;
  throw new NetdError("NETWORK_NAME_TAKEN", `Cannot create network '${name}': there is one of that name`, {
    remedy: `Choose another name, or remove that network: netctl net rm ${name}`,
  });
}

/** Refuse what can't be meant together. @throws {NetdError} NETWORK_INVALID */
function checkContradictions(spec: NetworkSpec): void {
  const isWithoutFour = spec.subnet === NONE;
  const isWithoutSix = spec.subnet6 === undefined || spec.subnet6 === NONE;
  const conflicts: [isSo: boolean, why: string, remedy: string][] = [
    [isWithoutFour && isWithoutSix, "neither IPv4 nor IPv6", "Give --subnet6 auto, or leave out --subnet none"],
    [isWithoutFour && spec.gateway !== undefined, "--gateway and without IPv4", "Leave one of the two out"],
    [isWithoutFour && spec.nat !== undefined, "--nat and without IPv4", "Give --nat6, or leave it out"],
    [isWithoutSix && spec.gateway6 !== undefined, "an IPv6 gateway and without IPv6", "Give --subnet6 as well"],
    [isWithoutSix && spec.nat6 !== undefined, "--nat6 and without IPv6", "Give --subnet6 as well"],
    [
      spec.gateway !== undefined && spec.subnet === undefined && spec.adopt !== true,
      "a gateway and no subnet",
      "Give the --subnet that the gateway is in",
    ],
    [
      spec.internal === true && isOn(spec.nat),
      `--internal and --nat ${spec.nat}`,
      "Nothing leaves an internal network: leave one of the two out",
    ],
    [
      spec.internal === true && isOn(spec.nat6),
      `--internal and --nat6 ${spec.nat6}`,
      "Nothing leaves an internal network: leave one of the two out",
    ],
    [
      spec.internal === true && (spec.dns ?? []).length > 0,
      "--internal and --dns",
      "An internal network knows local names only: leave one of the two out",
    ],
    [
      spec.adopt === true && spec.bridge === undefined,
      "--adopt and no --bridge",
      "Name the bridge to take over with --bridge",
    ],
    [
      spec.kind !== "macvlan" && spec.parent !== undefined,
      "--parent and kind bridge",
      "Give --kind macvlan, or leave --parent out",
    ],
    [
      spec.kind !== "macvlan" && spec.macvlanMode !== undefined,
      "--macvlan-mode and kind bridge",
      "Give --kind macvlan, or leave the mode out",
    ],
    [
      spec.kind !== "macvlan" && (spec.gateway === NONE || spec.gateway6 === NONE),
      "kind bridge and no gateway",
      "Its bridge has that address: leave the option out, or give --internal",
    ],
  ];
  const found = conflicts.find(([isSo]) => isSo);
  if (found !== undefined) {
    throw new NetdError("NETWORK_INVALID", `Cannot create network '${spec.name}' with ${found[1]}`, {
      remedy: found[2],
    });
  }
  if (spec.kind === "macvlan") refuseForMacvlan(spec);
}

function isOn(nat: string | undefined): boolean {
  return nat !== undefined && nat !== "off";
}

/** @throws {NetdError} NETWORK_INVALID, BRIDGE_FOREIGN, LINK_MISSING */
function chooseBridge(
  spec: NetworkSpec,
  networks: readonly NetworkRow[],
  { host, id }: ResolveNetworkOptions,
): ChosenLink {
  const name = spec.bridge ?? `br-${id}`;
  if (!LINK_NAME.test(name)) {
    throw new NetdError(
      "NETWORK_INVALID",
      `Cannot use bridge name '${name}': 1 to 15 characters without '/', ':' and blanks wanted`,
      {
        remedy: "Give a shorter one, or none to have it made from the network's id",
      },
    );
  }
  const owner = networks.find((known) => known.bridge === name && known.kind === "bridge");
  if (owner !== undefined) {
    throw new NetdError(
      "BRIDGE_FOREIGN",
      `Cannot use bridge '${name}': network '${owner.name}' has it, a bridge for each network wanted`,
      {
        remedy: "Choose another name with --bridge, or none to have it made from the network's id",
      },
    );
  }
  const existing = host.links.find((link) => link.name === name);
  if (spec.adopt === true && existing === undefined) {
    throw new NetdError("LINK_MISSING", `Cannot adopt bridge '${name}': there is no such link`, {
      remedy: `Leave out --adopt to have it made, or make it with 'ip link add ${name} type bridge'`,
    });
  }
  if (existing === undefined || (spec.adopt === true && existing.kind === "bridge" && !isNetds(existing)))
    return { name, existing };
  const isBridge = existing.kind === "bridge";
  const state = isBridge
    ? `it was made by ${isNetds(existing) ? "another netd" : "somebody else"}`
    : `it is a ${existing.kind ?? "device"}`;
  throw new NetdError(
    "BRIDGE_FOREIGN",
    `Cannot use link '${name}' for network '${spec.name}': ${state}, a name that is free wanted`,
    {
      remedy:
        isBridge && !isNetds(existing)
          ? "Take it over with --adopt, or choose another name with --bridge"
          : "Choose another name with --bridge",
    },
  );
}

function isNetds({ alias }: LinkInfo): boolean {
  return alias?.startsWith("netd:") === true;
}

function chooseFour(
  spec: NetworkSpec,
  taken: Parameters<typeof checkSubnet>[2],
  held: readonly string[],
): IpSubnet | undefined {
  if (spec.subnet === NONE) return undefined;
  if (spec.subnet !== undefined) return checkSubnet(spec.subnet, 4, taken);
  const own = held.find((address) => !address.includes(":"));
  if (own === undefined) return pickSubnet4(taken);
  const [address = "", length] = own.split("/");
  return checkSubnet(ipSubnet(parseIpAddress(address), Number(length)).cidr, 4, taken);
}

function chooseSix(spec: NetworkSpec, taken: Parameters<typeof checkSubnet>[2], ula: IpSubnet): IpSubnet | undefined {
  if (spec.subnet6 === undefined || spec.subnet6 === NONE) return undefined;
  return spec.subnet6 === AUTO ? pickSubnet6(ula, taken) : checkSubnet(spec.subnet6, 6, taken);
}

/** An adopted bridge keeps an address that it has in the subnet; else the first one is the gateway. */
function chooseGateways(
  { gateway, gateway6 }: NetworkSpec,
  four: IpSubnet | undefined,
  six: IpSubnet | undefined,
  held: readonly string[],
): Pick<NetworkRow, "gateway" | "gateway6"> {
  const choose = (subnet: IpSubnet | undefined, wanted: string | undefined): string | undefined => {
    if (subnet === undefined || wanted === NONE) return undefined;
    return chooseGateway(subnet, wanted ?? heldIn(subnet, held));
  };
  const [chosen, chosen6] = [choose(four, gateway), choose(six, gateway6)];
  return {
    ...(chosen === undefined ? {} : { gateway: chosen }),
    ...(chosen6 === undefined ? {} : { gateway6: chosen6 }),
  };
}

function heldIn(subnet: IpSubnet, held: readonly string[]): string | undefined {
  return held
    .map((text) => text.split("/"))
    .filter(([address = "", length]) => {
      const value = parseIpAddress(address);
      return value.family === subnet.family && ipSubnet(value, Number(length)).cidr === subnet.cidr;
    })
    .map(([address = ""]) => formatIpAddress(parseIpAddress(address)))[0];
}

/** A bridge's own MAC would change with its ports: one is fixed, made from its address. */
function bridgeMac(
  existing: LinkInfo | undefined,
  { gateway, gateway6 }: Pick<NetworkRow, "gateway" | "gateway6">,
): string {
  return existing?.mac ?? macOfAddress(gateway ?? gateway6 ?? "0.0.0.0");
}
