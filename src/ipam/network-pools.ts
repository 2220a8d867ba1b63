/**
 * A network as far as addresses go: a pool for each family it has, and what of them somebody else uses.
 *
 * @module
 */
import {
  formatIpRange,
  type IpFamily,
  type IpRange,
  type IpSubnet,
  macOfAddress,
  parseIpAddress,
  parseIpRange,
  parseIpSubnet,
  parseMacPrefix,
} from "../address/index.ts";
import { NetdError } from "../errors.ts";
import { Pool } from "./pool.ts";

/** Addresses of a network, as its row and its specification have them. */
export interface IpamNetwork {
  name: string;
  subnet?: string | undefined;
  /** Of the IPv4 subnet; absent: none of its addresses is set aside for a router. */
  gateway?: string | undefined;
  subnet6?: string | undefined;
  gateway6?: string | undefined;
  /** `A-B`, `A` or CIDR, of either family: only these are given out unasked. None of a family: all of its subnet. */
  ranges?: readonly string[];
  /** The same: never given out. */
  excludes?: readonly string[];
  /** First bytes of the MACs that are made. */
  macPrefix?: string | undefined;
}

/** The pools of one network. */
export interface NetworkPools {
  name: string;
  macPrefix: string | undefined;
  /** MACs that the bridge's own addresses would get. */
  gatewayMacs: readonly string[];
  pools: ReadonlyMap<IpFamily, Pool>;
  /** Addresses that somebody outside the state has, and who that is. */
  occupied: Map<string, string>;
}

/**
 * Make the pools of a network, with nothing taken. `lastGiven` is where the search of a family goes on.
 *
 * @throws {NetdError} SUBNET_INVALID, ADDRESS_INVALID, MAC_INVALID, IPAM_ADDRESS_OUTSIDE_SUBNET, IPAM_ADDRESS_IS_NETWORK,
 * IPAM_ADDRESS_IS_BROADCAST
 */
export function makePools(
  network: IpamNetwork,
  lastGiven: (family: IpFamily) => string | undefined = () => undefined,
): NetworkPools {
  const { name, subnet, gateway, subnet6, gateway6, macPrefix } = network;
  const subnets = [subnet, subnet6].filter((cidr) => cidr !== undefined).map(parseIpSubnet);
  const [ranges, excludes] = [network.ranges, network.excludes].map((list = []) => list.map(parseIpRange));
  for (const range of [...ranges!, ...excludes!]) checkFamily(range, subnets); // two lists went in
  const prefix = macPrefix === undefined ? undefined : parseMacPrefix(macPrefix);
  const pools = subnets.map((parsed): [IpFamily, Pool] => {
    const own = parsed.family === 4 ? gateway : gateway6;
    const last = lastGiven(parsed.family);
    const options = {
      ranges: ranges!.filter(({ family }) => family === parsed.family),
      excludes: excludes!.filter(({ family }) => family === parsed.family),
      ...(own === undefined ? {} : { gateway: valueIn(own, parsed) }),
      ...(last === undefined ? {} : { lastGiven: parseIpAddress(last).value }),
    };
    return [parsed.family, new Pool(parsed, options)];
  });
  return {
    name,
    macPrefix: prefix,
    gatewayMacs: [gateway, gateway6].flatMap((own) => (own === undefined ? [] : [macOfAddress(own, prefix)])),
    pools: new Map(pools),
    occupied: new Map(),
  };
}

function valueIn(address: string, { family, cidr }: IpSubnet): bigint {
  const parsed = parseIpAddress(address);
  if (parsed.family === family) return parsed.value;
  throw outside(`gateway ${address}`, cidr);
}

function checkFamily(range: IpRange, subnets: readonly IpSubnet[]): void {
  if (subnets.some(({ family }) => family === range.family)) return;
  throw outside(`range ${formatIpRange(range)}`, subnets.map(({ cidr }) => cidr).join(" and "));
}

function outside(what: string, cidr: string): NetdError {
  return new NetdError("IPAM_ADDRESS_OUTSIDE_SUBNET", `Cannot use ${what}: it is of another family than ${cidr}`, {
    remedy: "Give one of the network's own subnet, or give the network a subnet of that family",
  });
}
