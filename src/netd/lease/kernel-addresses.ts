/**
 * Addresses that the kernel has and the state does not know: they are given to nobody.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { hasAddress, parseIpAddress, parseIpSubnet } from "../../address/index.ts";
import { listAddresses, RtnetlinkSocket } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";

const NETNS_DIR = "/run/netns";

/** An address and who has it. */
interface Found {
  address: string;
  by: string;
}

/**
 * Look at the links of this host and of all namespaces with a name, and keep what they have of our networks from being given out. What
 * {@link Ipam.occupy} noted before is forgotten. Namespaces that can't be entered are passed over, and those of our running containers: the rules
 * let no other address out of them than their own.
 */
export function occupyKernelAddresses({
  ipam,
  networks,
  containers,
  logger,
}: Pick<DaemonContext, "ipam" | "networks" | "containers" | "logger">): void {
  const subnets = [...networks].flatMap(({ name, subnet, subnet6 }) => {
    ipam.forgetOccupied(name);
    return [subnet, subnet6].flatMap((cidr) => (cidr === undefined ? [] : [{ name, subnet: parseIpSubnet(cidr) }]));
  });
  for (const { address, by } of listFound((netns) => containers.byName(netns)?.row.state === "running")) {
    const parsed = parseIpAddress(address);
    for (const { name, subnet } of subnets) {
      if (!hasAddress(subnet, parsed) || !ipam.occupy(name, address, by)) continue;
      logger.warn(
        { network: name, address, by },
        "an address of a network is in use by somebody the state does not know",
      );
    }
  }
}

function* listFound(isOurs: (netns: string) => boolean): Generator<Found> {
  yield* addressesIn(undefined, "this host");
  for (const netns of listNamespaces()) if (!isOurs(netns)) yield* addressesIn(netns, `namespace '${netns}'`);
}

function addressesIn(netns: string | undefined, where: string): Found[] {
  try {
    using socket = RtnetlinkSocket.open(netns);
    return listAddresses(socket).flatMap(({ address, link }) => {
      const [bare = ""] = address.split("/");
      // Link-local addresses say nothing about networks.
      return bare.startsWith("fe80:") ? [] : [{ address: bare, by: `link '${link}' of ${where}` }];
    });
  } catch {
    return [];
  }
}

/** List the names under which network namespaces may be pinned. */
export function listNamespaces(): string[] {
  try {
    return readdirSync(NETNS_DIR);
  } catch {
    return [];
  }
}
