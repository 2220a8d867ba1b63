/**
 * Access rules for iptables: one rule for each pair of addresses that a rule is about.
 *
 * @module
 */
import { familyOf, type IpFamily } from "../../address/index.ts";
import { isSelected, mergePorts, splitSelector } from "../acl-rules.ts";
import type { FirewallAcl, FirewallModel } from "../model.ts";

/** Ports that one rule of multiport takes; a range counts for two (iptables-extensions(8)). */
const MOST_PORTS = 15;

/** Where rules are made for. */
export interface IptablesAclOptions {
  family: IpFamily;
  /** Target of what is allowed. */
  accept: string;
  /** For connections to the host itself, which is no container. */
  isToHost?: boolean;
}

/** The rules of all access rules, in their order. */
export function iptablesAcls(model: FirewallModel, { family, accept, isToHost }: IptablesAclOptions): string[] {
  return model.acls.flatMap((acl) => {
    const kind = splitSelector(acl.to)[0];
    if (isToHost === true && (kind === "container" || kind === "label")) return [];
    const target = `-j ${acl.action === "allow" ? accept : "DROP"}`;
    return placesOf(model, acl.from, family).flatMap((from) =>
      placesOf(model, acl.to, family).flatMap((to) =>
        services(acl, family).map((service) =>
          [from && `-s ${from}`, to && `-d ${to}`, service, target].filter((part) => part !== "").join(" "),
        ),
      ),
    );
  });
}

/** Addresses and subnets of a family; an empty word is any. */
function placesOf({ networks, endpoints }: FirewallModel, selector: string, family: IpFamily): string[] {
  if (selector === "any") return [""];
  const [kind, value] = splitSelector(selector);
  if (kind === "cidr") return familyOf(value.split("/", 1)[0] ?? "") === family ? [value] : [];
  if (kind === "network") {
    const network = networks.find(({ name }) => name === value);
    return present([family === 4 ? network?.subnet : network?.subnet6]);
  }
  const selected = endpoints.filter((endpoint) => isSelected(selector, endpoint));
  return present(selected.map(({ address, address6 }) => (family === 4 ? address : address6)));
}

function present(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined);
}

function services({ protocol, ports = [] }: FirewallAcl, family: IpFamily): string[] {
  if (protocol === "icmp") return [`-p ${family === 4 ? "icmp" : "ipv6-icmp"}`];
  if (ports.length === 0) return [protocol === undefined ? "" : `-p ${protocol}`];
  const lists = portLists(mergePorts(ports).map((port) => port.replace("-", ":")));
  const protocols = protocol === undefined ? ["tcp", "udp", "sctp"] : [protocol];
  return protocols.flatMap((each) => lists.map((list) => `-p ${each} -m multiport --dports ${list}`));
}

function portLists(ports: readonly string[]): string[] {
  const lists: string[][] = [];
  let room = 0;
  for (const port of ports) {
    const cost = port.includes(":") ? 2 : 1;
    if (cost > room) {
      lists.push([]);
      room = MOST_PORTS;
    }
    lists.at(-1)?.push(port);
    room -= cost;
  }
  return lists.map((list) => list.join(","));
}
