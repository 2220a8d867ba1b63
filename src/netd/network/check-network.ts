/**
 * Checks of a network as a whole, made before it is created and before each change. Pure.
 *
 * @module
 */
import {
  hasAddress,
  type IpSubnet,
  isRangeOverlapping,
  isWithin,
  parseIpAddress,
  parseIpRange,
  parseIpSubnet,
  parseMacPrefix,
} from "../../address/index.ts";
import { NetdError } from "../../errors.ts";
import type { HostAddress } from "./host-facts.ts";
import type { NetworkRow } from "./network-row.ts";

/** RFC 8200, 5: no link with a smaller one carries IPv6, and the kernel turns IPv6 off on it. */
const IPV6_MIN_MTU = 1280;
/** RFC 1035, 2.3.4 and RFC 1123, 2.1. */
const DOMAIN = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Check that a network's parts fit each other. Without the host's addresses it is not checked whether those of its NAT are among them.
 *
 * @throws {NetdError} NETWORK_INVALID, ADDRESS_INVALID, SUBNET_INVALID, MAC_INVALID, IPAM_ADDRESS_OUTSIDE_SUBNET
 */
export function checkNetwork(row: NetworkRow, hostAddresses?: readonly HostAddress[]): void {
  const subnets = [row.subnet, row.subnet6].flatMap((cidr) => (cidr === undefined ? [] : [parseIpSubnet(cidr)]));
  checkMtu(row);
  checkNat(row, 4, hostAddresses);
  checkNat(row, 6, hostAddresses);
  for (const text of row.ranges) checkRange("range", text, row.name, subnets);
  for (const text of row.excludes) checkRange("exclude", text, row.name, subnets);
  for (const { to, via } of row.routes) checkRoute(to, via, row, subnets);
  for (const text of row.dns) parseIpAddress(text);
  if (row.domain !== undefined && !DOMAIN.test(row.domain)) {
    throw invalid(
      row.name,
      `domain '${row.domain}', a name like lab.example wanted`,
      "Give labels of letters, digits and '-', with dots between",
    );
  }
  checkLabels(row);
  if (row.macPrefix !== undefined) checkMacPrefix(row.macPrefix, row.name, subnets);
}

function checkMtu({ name, mtu, subnet6 }: NetworkRow): void {
  if (mtu === undefined || subnet6 === undefined || mtu >= IPV6_MIN_MTU) return;
  throw invalid(
    name,
    `MTU ${mtu} with IPv6, at least ${IPV6_MIN_MTU} wanted`,
    `Give --mtu ${IPV6_MIN_MTU} or more, or make the network without --subnet6`,
  );
}

function checkNat(row: NetworkRow, family: 4 | 6, hostAddresses: readonly HostAddress[] | undefined): void {
  const nat = family === 4 ? row.nat : row.nat6;
  if (!nat.startsWith("snat:")) return;
  const flag = family === 4 ? "--nat" : "--nat6";
  const text = nat.slice("snat:".length);
  const address = parseIpAddress(text);
  if (address.family !== family) {
    throw invalid(
      row.name,
      `${flag} ${nat}, an IPv${family} address wanted`,
      `Give it with ${family === 4 ? "--nat6" : "--nat"}`,
    );
  }
  const isHeld =
    hostAddresses === undefined ||
    hostAddresses.some(
      ({ link, address: held }) =>
        link !== row.bridge && parseIpAddress(held.split("/")[0] ?? "").value === address.value,
    );
  if (isHeld) return;
  throw invalid(
    row.name,
    `${flag} ${nat}, and no link of this host has that address, one that has it wanted`,
    "See the addresses with 'ip address'; answers to any other would go elsewhere",
  );
}

function checkRange(what: "range" | "exclude", text: string, name: string, subnets: readonly IpSubnet[]): void {
  const range = parseIpRange(text);
  if (subnets.some((subnet) => isWithin(range, subnet))) return;
  throw new NetdError(
    "IPAM_ADDRESS_OUTSIDE_SUBNET",
    `Cannot use ${what} ${text} in network '${name}': it is not within ${list(subnets)}`,
    { remedy: `Give a ${what} of addresses that the network has` },
  );
}

function checkRoute(
  to: string,
  via: string,
  { name, gateway, gateway6 }: NetworkRow,
  subnets: readonly IpSubnet[],
): void {
  const wrong = (why: string, remedy: string): NetdError => invalid(name, `route ${to} via ${via}: ${why}`, remedy);
  const [target, next] = [parseIpSubnet(to), parseIpAddress(via)];
  if (target.family !== next.family) throw wrong("two families, one wanted", "Give both ends in the same family");
  if (target.prefixLength === 0) {
    throw wrong(
      "a default route, a narrower one wanted",
      "The default route leads to the network's gateway: give it with --gateway",
    );
  }
  const own = subnets.find((subnet) => hasAddress(subnet, next));
  if (own === undefined) {
    throw wrong(`the next router is not within ${list(subnets)}`, "Give the address of a router inside the network");
  }
  if (subnets.some((subnet) => isRangeOverlapping(subnet, target))) {
    throw wrong(
      "it leads into the network itself, elsewhere wanted",
      "Leave it out: its containers reach each other as it is",
    );
  }
  const isGateway = [gateway, gateway6].some(
    (known) => known !== undefined && parseIpAddress(known).value === next.value,
  );
  if (isGateway) {
    throw wrong(
      "the next router is the gateway, where the default route leads, another wanted",
      "Leave it out, or give another router",
    );
  }
}

function checkLabels({ name, labels }: NetworkRow): void {
  for (const [key, value] of Object.entries(labels)) {
    const isFine = key !== "" && !/[=\s]/.test(key) && !CONTROL.test(key) && !CONTROL.test(value);
    if (!isFine)
      throw invalid(name, `label '${key}', KEY=VALUE without blanks in KEY wanted`, "Give one like --label stage=test");
  }
}

function checkMacPrefix(text: string, name: string, subnets: readonly IpSubnet[]): void {
  const bits = 8 * (6 - parseMacPrefix(text).split(":").length);
  const wide = subnets.find(({ family, prefixLength }) => family === 4 && 32 - prefixLength > bits);
  if (wide === undefined) return;
  throw invalid(
    name,
    `MAC prefix ${text}, which leaves ${bits} bits for the addresses of ${wide.cidr}, a shorter one wanted`,
    "Give fewer bytes, or a smaller subnet",
  );
}

function list(subnets: readonly IpSubnet[]): string {
  return subnets.map(({ cidr }) => cidr).join(" or ");
}

function invalid(name: string, why: string, remedy: string): NetdError {
  return new NetdError("NETWORK_INVALID", `Cannot have network '${name}' with ${why}`, { remedy });
}
