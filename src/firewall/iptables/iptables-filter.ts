/**
 * Chains of iptables that let packets pass or drop them.
 *
 * @module
 */
import type { IpFamily } from "../../address/index.ts";
import { linkLocalAddress } from "../endpoint-elements.ts";
import type { Egress, FirewallModel } from "../model.ts";
import { iptablesAcls } from "./iptables-acl.ts";

const ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED";

/** NETD-RAW: who comes from where he can't come from. */
export function rawRules({ networks }: FirewallModel, family: IpFamily): string[] {
  const guarded = networks.flatMap(({ subnet, subnet6, nat, nat6, isInternal, isAdopted }) => {
    const [own, how] = family === 4 ? [subnet, nat] : [subnet6, nat6];
    return own !== undefined && (isInternal || how !== "off") && isAdopted !== true ? [own] : [];
  });
  return [
    ...(family === 4 ? networks.map(({ bridge }) => `-d 127.0.0.0/8 -i ${bridge} -j DROP`) : []),
    ...networks.map(({ bridge }) => `-i ${bridge} -j RETURN`),
    "-i lo -j RETURN",
    ...guarded.map((subnet) => `-s ${subnet} -j DROP`),
    ...guarded.map((subnet) => `-d ${subnet} -j DROP`),
  ];
}

/** NETD-MSS: no larger segments than the way out carries. */
export function mssRules({ networks }: FirewallModel): string[] {
  return networks.flatMap(({ bridge }) =>
    ["-i", "-o"].map((end) => `${end} ${bridge} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`),
  );
}

/** NETD-BRIDGES: what is forwarded from or to a container. What it lets out is still subject to the rules behind ours. */
export function bridgesRules(model: FirewallModel, family: IpFamily): string[] {
  const { networks, allows } = model;
  const bridgeOf = new Map(networks.map(({ name, bridge }) => [name, bridge]));
  const internal = networks.filter(({ isInternal }) => isInternal);
  return [
    `${ESTABLISHED} -j ACCEPT`,
    ...iptablesAcls(model, { family, accept: "ACCEPT" }),
    ...sourcesOf(model, "none", family).map((source) => `${source} -j DROP`),
    ...networks.filter(({ isIsolated }) => !isIsolated).map(({ bridge }) => `-i ${bridge} -o ${bridge} -j ACCEPT`),
    "-m conntrack --ctstate INVALID -j DROP",
    ...sourcesOf(model, "internal", family).map((source) => `${source} -j DROP`),
    ...internal.map(({ bridge }) => `-i ${bridge} -j DROP`),
    ...internal.map(({ bridge }) => `-o ${bridge} -j DROP`),
    ...allows.flatMap(({ from, to }) => {
      const [source, target] = [bridgeOf.get(from), bridgeOf.get(to)];
      return source === undefined || target === undefined ? [] : [`-i ${source} -o ${target} -j ACCEPT`];
    }),
    "-m conntrack --ctstate DNAT -j ACCEPT",
    ...networks.map(({ bridge }) => `-o ${bridge} -j DROP`),
  ];
}

/** NETD-HOST: what containers send to the host. What returns is still subject to the host's own rules. */
export function hostRules(model: FirewallModel, family: IpFamily): string[] {
  const internal = model.networks.filter(({ isInternal }) => isInternal);
  return [
    `${ESTABLISHED} -j RETURN`,
    ...(family === 4 ? [] : ["135", "136"].map((type) => `-p ipv6-icmp --icmpv6-type ${type} -j RETURN`)),
    ...iptablesAcls(model, { family, accept: "RETURN", isToHost: true }),
    ...sourcesOf(model, "none", family).map((source) => `${source} -j DROP`),
    ...sourcesOf(model, "internal", family).map((source) => `${source} -g NETD-GATEWAY`),
    ...internal.map(({ bridge }) => `-i ${bridge} -g NETD-GATEWAY`),
  ];
}

/** NETD-GATEWAY: for those who may reach nothing of the host but their gateway. */
export function gatewayRules({ networks }: FirewallModel, family: IpFamily): string[] {
  const places = networks.map(({ bridge, gateway, gateway6 }) => [bridge, family === 4 ? gateway : gateway6] as const);
  return [
    ...places.flatMap(([bridge, own]) => (own === undefined ? [] : [`-d ${own} -i ${bridge} -j RETURN`])),
    "-j DROP",
  ];
}

function sourcesOf({ networks, endpoints }: FirewallModel, wanted: Egress, family: IpFamily): string[] {
  return endpoints.flatMap(({ egress, network, mac, address, address6 }) => {
    const bridge = networks.find(({ name }) => name === network)?.bridge;
    if (egress !== wanted || bridge === undefined) return [];
    const own6 = address6 === undefined ? [] : [address6, linkLocalAddress(mac)];
    const own = family === 4 ? (address === undefined ? [] : [address]) : own6;
    return own.map((each) => `-s ${each} -i ${bridge}`);
  });
}
