/**
 * The sandbox's two namespaces and the cable between them, as steps.
 *
 * @module
 */
import type { NetworkStep } from "../kernel/index.ts";

/** Addresses of the pretend internet: documentation ranges (RFC 5737, RFC 3849), which nobody can mistake for real ones. */
export const INTERNET = {
  /** Name of its namespace. */
  netns: "internet",
  /** The private host's link to it. */
  uplink: "up0",
  host: { v4: "198.51.100.2/24", v6: "2001:db8:100::2/64" },
  router: { v4: "198.51.100.1", v6: "2001:db8:100::1" },
  nameServer: { v4: "203.0.113.53", v6: "2001:db8:113::53" },
  webServer: { v4: "203.0.113.80", v6: "2001:db8:113::80" },
} as const;

/** The internet's end of the cable. */
const DOWNLINK = "down0";

/** Like any router of the internet, it answers nobody who asks from a private address: only NAT lets a container out. */
const PRIVATE_SOURCES_ARE_DROPPED = `
  chain input {
    type filter hook input priority filter; policy accept;
    ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } drop
    ip6 saddr fd00::/8 drop
  }
`;

/** Plan the topology, to be applied in the private host's network namespace. */
export function planTopology(options: { hasIpv6: boolean }): NetworkStep[] {
  const { netns, uplink, host, router, nameServer, webServer } = INTERNET;
  const families = options.hasIpv6 ? (["v4", "v6"] as const) : (["v4"] as const);
  const both = (plan: (family: "v4" | "v6") => NetworkStep[]): NetworkStep[] => families.flatMap(plan);
  return [
    { op: "link.set", name: "lo", up: true },
    { op: "netns.add", name: netns },
    { op: "link.set", netns, name: "lo", up: true },
    { op: "link.addVeth", host: uplink, peer: DOWNLINK, peerNetns: netns, up: true },
    { op: "link.set", netns, name: DOWNLINK, up: true },
    ...both((family) => [
      { op: "address.add", link: uplink, address: host[family], nodad: family === "v6" },
      {
        op: "address.add",
        netns,
        link: DOWNLINK,
        address: `${router[family]}${prefixOf(host[family])}`,
        nodad: family === "v6",
      },
      ...[nameServer, webServer].map(
        (server): NetworkStep => ({
          op: "address.add",
          netns,
          link: "lo",
          address: `${server[family]}/${family === "v4" ? 32 : 128}`,
          nodad: family === "v6",
        }),
      ),
    ]),
    { op: "nft.replaceTable", netns, family: "inet", name: "internet", body: PRIVATE_SOURCES_ARE_DROPPED },
    ...both((family) => [
      { op: "route.add", to: family === "v4" ? "default" : "::/0", via: router[family], dev: uplink },
    ]),
  ];
}

function prefixOf(cidr: string): string {
  return cidr.slice(cidr.indexOf("/"));
}
