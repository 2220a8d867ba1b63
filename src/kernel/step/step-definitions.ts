/**
 * Which definition carries out which step.
 *
 * @module
 */

import { cgroupCreate, cgroupDelete } from "../cgroup/index.ts";
import { dirMake, fileWrite } from "../file-steps.ts";
import { iptablesApply, iptablesRemove } from "../iptables/iptables-parts.ts";
import { iptablesDeleteChain, iptablesSetChain } from "../iptables/iptables-steps.ts";
import { addressAdd, addressDelete } from "../link/address-steps.ts";
import { linkAddIfb, linkAddMacvlan } from "../link/link-kind-steps.ts";
import { linkAddBridge, linkAddVeth, linkDelete, linkSet } from "../link/link-steps.ts";
import { portSet } from "../link/port-steps.ts";
import { routeAdd, routeDelete, routeReplace } from "../link/route-steps.ts";
import { arpAnnounce, naAnnounce } from "../neighbour/announce-steps.ts";
import { netnsAdd, netnsDelete, netnsRename } from "../netns/netns-steps.ts";
import { nftApply, nftDeleteTable, nftReplaceTable } from "../nft/nft-steps.ts";
import { sysctlSet } from "../sysctl/sysctl-steps.ts";
import { ingressDelete, ingressRedirect, rateDelete, rateSet } from "../traffic/traffic-steps.ts";
import type { NetworkStep, NetworkStepOf } from "./network-steps.ts";
import type { StepDefinition } from "./step.ts";

/** A definition for each `op`; what a definition remembers is its own business, hence `never` and `unknown`. */
export type StepDefinitions = { readonly [Op in NetworkStep["op"]]: AnyDefinition<NetworkStepOf<Op>> };

/** A definition whose memo is not looked into. */
export interface AnyDefinition<S> {
  apply: StepDefinition<S, unknown>["apply"];
  applyElsewhere?: NonNullable<StepDefinition<S, unknown>["applyElsewhere"]>;
  undo: StepDefinition<S, never>["undo"];
  toShell: StepDefinition<S>["toShell"];
}

/** The definitions that touch Linux. */
export const STEP_DEFINITIONS: StepDefinitions = {
  "netns.add": netnsAdd,
  "netns.delete": netnsDelete,
  "netns.rename": netnsRename,
  "link.addBridge": linkAddBridge,
  "link.addVeth": linkAddVeth,
  "link.addMacvlan": linkAddMacvlan,
  "link.addIfb": linkAddIfb,
  "link.delete": linkDelete,
  "link.set": linkSet,
  "port.set": portSet,
  "rate.set": rateSet,
  "rate.delete": rateDelete,
  "ingress.redirect": ingressRedirect,
  "ingress.delete": ingressDelete,
  "address.add": addressAdd,
  "address.delete": addressDelete,
  "route.add": routeAdd,
  "route.replace": routeReplace,
  "route.delete": routeDelete,
  "sysctl.set": sysctlSet,
  "nft.replaceTable": nftReplaceTable,
  "nft.deleteTable": nftDeleteTable,
  "iptables.apply": iptablesApply,
  "iptables.remove": iptablesRemove,
  "iptables.setChain": iptablesSetChain,
  "iptables.deleteChain": iptablesDeleteChain,
  "nft.apply": nftApply,
  "arp.announce": arpAnnounce,
  "na.announce": naAnnounce,
  "cgroup.create": cgroupCreate,
  "cgroup.delete": cgroupDelete,
  "file.write": fileWrite,
  "dir.make": dirMake,
};
