/**
 * What is special in the choice of a macvlan network: it lies on a link of the host, which must be there and free for it. Pure.
 *
 * @module
 */
import type { NetworkSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { ChosenLink, HostFacts } from "./host-facts.ts";
import type { NetworkRow } from "./network-row.ts";

/** Refuse what needs a bridge of ours. @throws {NetdError} NETWORK_INVALID */
export function refuseForMacvlan(spec: NetworkSpec): void {
  const refused: [isSo: boolean, option: string, remedy: string][] = [
    [spec.bridge !== undefined, "--bridge", "Name the link of the host that it lies on with --parent"],
    [spec.adopt === true, "--adopt", "It has no bridge: leave the option out"],
    [
      isOn(spec.nat),
      `--nat ${spec.nat}`,
      "Its containers are neighbours of the host, which forwards nothing for them: leave the option out",
    ],
    [
      isOn(spec.nat6),
      `--nat6 ${spec.nat6}`,
      "Its containers are neighbours of the host, which forwards nothing for them: leave the option out",
    ],
    [
      spec.internal === true,
      "--internal",
      "It reaches whoever is on the parent link; for containers without a default route give --gateway none",
    ],
    [spec.isolated === true, "--isolated", "Give --macvlan-mode private: its containers then can't reach each other"],
    [spec.parent === undefined, "no --parent", "Name the link of the host that it lies on with --parent"],
    [
      spec.subnet === undefined,
      "no --subnet",
      "Give the subnet of the parent link's network, and the part that is free for containers with --range",
    ],
    [spec.subnet6 === "auto", "--subnet6 auto", "Give the IPv6 subnet of the parent link's network"],
  ];
  const found = refused.find(([isSo]) => isSo);
  if (found === undefined) return;
  throw new NetdError("NETWORK_INVALID", `Cannot create network '${spec.name}' of kind macvlan with ${found[1]}`, {
    remedy: found[2],
  });
}

function isOn(nat: string | undefined): boolean {
  return nat !== undefined && nat !== "off";
}

/**
 * Check the link that a macvlan network shall lie on.
 *
 * @throws {NetdError} LINK_MISSING, NETWORK_INVALID
 */
export function checkParent(
  { name, parent = "", macvlanMode }: NetworkSpec,
  networks: readonly NetworkRow[],
  host: HostFacts,
): ChosenLink {
  const existing = host.links.find((link) => link.name === parent);
  if (existing === undefined) {
    throw new NetdError("LINK_MISSING", `Cannot create network '${name}' on link '${parent}': there is no such link`, {
      remedy: "See the links of the host with 'ip link'",
    });
  }
  const refuse = (state: string, remedy: string): NetdError =>
    new NetdError("NETWORK_INVALID", `Cannot create network '${name}' on link '${parent}': ${state}`, { remedy });
  if (!existing.isUp) throw refuse("it is down, one that is up wanted", `Bring it up: ip link set dev ${parent} up`);
  if (existing.name === "lo")
    throw refuse("it is the loopback link, one with neighbours wanted", "Give another --parent");
  const master = host.links.find(({ index }) => index === existing.master);
  if (master !== undefined) {
    throw refuse(`it is a port of '${master.name}', a link of its own wanted`, `Give --parent ${master.name}`);
  }
  const owner = networks.find(({ kind, bridge }) => kind === "bridge" && bridge === parent);
  if (owner !== undefined) {
    throw refuse(
      `it is the bridge of network '${owner.name}', a link of its own wanted`,
      `Use network '${owner.name}' itself`,
    );
  }
  const sharer = networks.find(({ kind, bridge }) => kind === "macvlan" && bridge === parent);
  if (sharer !== undefined && (macvlanMode === "passthru" || sharer.macvlanMode === "passthru")) {
    throw refuse(
      `network '${sharer.name}' is on it, and mode passthru wants it alone`,
      "Choose another --macvlan-mode",
    );
  }
  return { name: parent, existing };
}
