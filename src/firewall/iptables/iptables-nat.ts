/**
 * Chains of iptables that translate addresses.
 *
 * @module
 */
import { familyOf, type IpFamily } from "../../address/index.ts";
import type { FirewallModel, FirewallNetwork, FirewallPort } from "../model.ts";

/** NETD-PREROUTING: what comes for a published port. */
export function preroutingRules({ ports }: FirewallModel, family: IpFamily): string[] {
  return [
    ...(family === 4 ? ["-d 127.0.0.0/8 -j RETURN"] : []),
    "-m addrtype ! --dst-type LOCAL -j RETURN",
    ...ports.filter(({ mapping }) => mapping.hostInterface !== undefined).flatMap((port) => portRules(port, family)),
    "-j NETD-PUBLISH",
  ];
}

/** NETD-OUTPUT: the host's own connections to itself. */
export function outputRules(): string[] {
  return ["-m addrtype --dst-type LOCAL -j NETD-PUBLISH"];
}

/** NETD-PUBLISH: one address before all of them. */
export function publishRules({ ports }: FirewallModel, family: IpFamily): string[] {
  const open = ports.filter(({ mapping }) => mapping.hostInterface === undefined);
  const one = open.filter(({ mapping }) => !isAny(mapping.hostAddress));
  const all = open.filter(({ mapping }) => isAny(mapping.hostAddress));
  return [...one, ...all].flatMap((port) => portRules(port, family));
}

/** NETD-POSTROUTING: with whose address a connection leaves. */
export function postroutingRules({ networks }: FirewallModel, family: IpFamily): string[] {
  const open = networks.filter(({ isInternal }) => !isInternal);
  return [
    "-o lo -j RETURN",
    ...networks.map(({ bridge }) => `-s ${family === 4 ? "127.0.0.0/8" : "::1"} -o ${bridge} -j MASQUERADE`),
    ...open.flatMap((network) =>
      subnetsOf(network, family).map(
        (subnet) => `-s ${subnet} -o ${network.bridge} -m conntrack --ctstate DNAT -j MASQUERADE`,
      ),
    ),
    ...networks.map(({ bridge }) => `-o ${bridge} -j RETURN`),
    ...open.flatMap((network) => {
      const how = family === 4 ? network.nat : network.nat6;
      const target = how.startsWith("snat:") ? `SNAT --to-source ${how.slice("snat:".length)}` : "MASQUERADE";
      return how === "off" ? [] : subnetsOf(network, family).map((subnet) => `-s ${subnet} -j ${target}`);
    }),
  ];
}

function subnetsOf({ subnet, subnet6 }: FirewallNetwork, family: IpFamily): string[] {
  const own = family === 4 ? subnet : subnet6;
  return own === undefined ? [] : [own];
}

/** A range that keeps its numbers is one rule. */
function portRules({ address, address6, mapping }: FirewallPort, family: IpFamily): string[] {
  const { hostAddress, hostInterface, hostPort, containerPort, count, protocol } = mapping;
  const target = family === 4 ? address : address6;
  if (familyOf(hostAddress) !== family || target === undefined) return [];
  const place = [
    ...(isAny(hostAddress) ? [] : [`-d ${hostAddress}`]),
    ...(hostInterface === undefined ? [] : [`-i ${hostInterface}`]),
    `-p ${protocol} --dport`,
  ].join(" ");
  if (count > 1 && hostPort === containerPort) {
    return [`${place} ${hostPort}:${hostPort + count - 1} -j DNAT --to-destination ${target}`];
  }
  const literal = family === 4 ? target : `[${target}]`;
  return Array.from(
    { length: count },
    (_, n) => `${place} ${hostPort + n} -j DNAT --to-destination ${literal}:${containerPort + n}`,
  );
}

function isAny(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
