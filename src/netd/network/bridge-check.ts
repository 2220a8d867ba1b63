/**
 * Looks, before each start, whether the bridge is still there and ours: strangers may have been at it since netd made it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { findLink, type LinkInfo } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { linkAlias } from "./network-plan.ts";

/**
 * Check that a container can be joined to a network's bridge, or to the link that a macvlan network lies on.
 *
 * @throws {NetdError} BRIDGE_MISSING when it is gone, BRIDGE_FOREIGN when somebody else's link has its name; LINK_MISSING when the parent of
 * a macvlan network is gone or down
 */
export function checkBridge({ networks, instance, session }: DaemonContext, container: string, network: string): void {
  const { kind, bridge, isAdopted } = networks.find(network);
  const link = findLink(session.rtnetlink(), bridge);
  if (kind === "macvlan") {
    checkParent(bridge, link, container);
    return;
  }
  if (link === undefined) {
    throw new NetdError(
      "BRIDGE_MISSING",
      `Cannot start container '${container}': bridge '${bridge}' is gone, a live one wanted`,
      {
        remedy: "Restart netd: it makes the bridge again and joins the running containers to it",
      },
    );
  }
  const isOurs = link.kind === "bridge" && (isAdopted || link.alias === linkAlias(instance, "bridge"));
  if (isOurs) return;
  throw new NetdError(
    "BRIDGE_FOREIGN",
    `Cannot start container '${container}': link '${bridge}' was put in the place of netd's bridge by somebody else`,
    {
      remedy: `Remove it with 'ip link delete ${bridge}' and restart netd, which makes its own again`,
    },
  );
}

function checkParent(parent: string, link: LinkInfo | undefined, container: string): void {
  if (link?.isUp === true) return;
  const state = link === undefined ? "is gone" : "is down";
  throw new NetdError(
    "LINK_MISSING",
    `Cannot start container '${container}': link '${parent}' ${state}, one that is up wanted`,
    {
      remedy:
        link === undefined ? "See the links of the host with 'ip link'" : `Bring it up: ip link set dev ${parent} up`,
    },
  );
}
