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
 * Check that a container can be joined to a network's bridge, or to the link that a macvlan network lies on. A bridge that is gone or down is
 * mended first, unless its network says that strangers' changes stay.
 *
 * @throws {NetdError} BRIDGE_MISSING when it is gone, BRIDGE_FOREIGN when somebody else's link has its name; LINK_MISSING when the parent of
 * a macvlan network is gone or down
 */
export function checkBridge(context: DaemonContext, container: string, network: string): void {
  const { networks, instance, session } = context;
  const { kind, bridge, isAdopted, drift } = networks.find(network);
  const found = findLink(session.rtnetlink(), bridge);
  if (kind === "macvlan") {
    checkParent(bridge, found, container);
    return;
  }
  const link = found?.isUp !== true && drift === "heal" ? healBridge(context, bridge) : found;
  if (link === undefined) {
    throw new NetdError(
      "BRIDGE_MISSING",
      `Cannot start container '${container}': bridge '${bridge}' is gone, a live one wanted`,
      {
        remedy: "Have netd make it again, with the running containers on it: netctl drift --heal",
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

/** Mend now what would be mended in a moment; containers that are on the bridge come back with it. */
function healBridge({ reconciler, session }: DaemonContext, bridge: string): LinkInfo | undefined {
  reconciler.heal({ rules: false, inside: false });
  return findLink(session.rtnetlink(), bridge);
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
