/**
 * What the maps hold of a published port: one element, however many ports in a row keep their numbers.
 *
 * @module
 */
import { familyOf } from "../address/index.ts";
import type { FirewallPort } from "./model.ts";
import { quoted } from "./network-elements.ts";
import type { NftElement } from "./nft-tables.ts";

/** The elements of a published port; none when the container has no address of its family. */
export function portElements({ address, address6, mapping }: FirewallPort): NftElement[] {
  const { hostAddress, hostInterface, hostPort, containerPort, count, protocol } = mapping;
  const family = familyOf(hostAddress);
  const target = family === 4 ? address : address6;
  if (target === undefined) return [];
  const isAny = hostAddress === "0.0.0.0" || hostAddress === "::";
  const every = `${hostAddress}${isAny ? "/0" : ""}`;
  const element = (set: string, key: string, data: string): NftElement => ({
    family: "inet",
    set: `${set}${family}`,
    key,
    data,
  });
  if (count > 1 && hostPort === containerPort && hostInterface === undefined) {
    return [element("ranges", `${every} . ${protocol} . ${hostPort}-${hostPort + count - 1}`, target)];
  }
  return Array.from({ length: count }, (_, n) => {
    const [port, data] = [hostPort + n, `${target} . ${containerPort + n}`];
    if (hostInterface !== undefined) {
      return element("link_ports", `${quoted(hostInterface)} . ${every} . ${protocol} . ${port}`, data);
    }
    return isAny
      ? element("any_ports", `${protocol} . ${port}`, data)
      : element("ports", `${hostAddress} . ${protocol} . ${port}`, data);
  });
}
