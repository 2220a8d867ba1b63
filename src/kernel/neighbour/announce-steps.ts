/**
 * Steps that announce addresses.
 *
 * @module
 */

import { getLink, type RtnetlinkSocket } from "../netlink/index.ts";
import type { KernelSession } from "../step/kernel-session.ts";
import type { ArpAnnounce, NaAnnounce } from "../step/network-steps.ts";
import { enterNetns, ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { type WaitSyncOptions, waitSync } from "../wait-sync.ts";
import { announceArp } from "./arp.ts";
import { announceNa } from "./neighbour-advertisement.ts";

/**
 * A link that was told to come up does so a little later, when the kernel gets to its carrier (net/core/link_watch.c), 0.2 ms as a
 * rule. Until then its bridge port drops frames: one announcement in ten was lost. Asking for a link makes the kernel (6.8 on) get to
 * it at once. When the time is up it is sent nevertheless.
 */
const UP_WAIT: WaitSyncOptions = { limitMs: 50, everyMs: 0.1 };

export const arpAnnounce: StepDefinition<ArpAnnounce> = {
  apply(step, session) {
    const { address, mac, netns } = step;
    const index = waitForWay(step, session);
    session.inNetns(netns, () => announceArp({ index, address, mac }));
  },
  undo() {},
  toShell: ({ link, address, netns }) => [
    shellCommand(...enterNetns(netns), "arping", "-U", "-c", "1", "-I", link, address),
  ],
};

/** The kernel itself advertises the addresses of a link whose MAC is set, be it the same, when it was told to (net/ipv6/ndisc.c). */
export const naAnnounce: StepDefinition<NaAnnounce> = {
  apply(step, session) {
    const { address, mac, isRouter, netns } = step;
    const index = waitForWay(step, session);
    session.inNetns(netns, () => announceNa({ index, address, mac, isRouter }));
  },
  undo() {},
  toShell({ link, mac, netns }) {
    const key = `net/ipv6/conf/${link}/ndisc_notify`;
    return [
      shellCommand(...enterNetns(netns), "sysctl", "-qw", `${key}=1`),
      shellCommand(...ipIn(netns), "link", "set", "dev", link, "address", mac),
      shellCommand(...enterNetns(netns), "sysctl", "-qw", `${key}=0`),
    ];
  },
};

/** Wait until what leaves by the link is heard behind the bridge; index of the link. */
function waitForWay({ link, port, portNetns, netns }: ArpAnnounce | NaAnnounce, session: KernelSession): number {
  const index = session.linkIndex(link, netns);
  waitUntilUp(session.rtnetlink(netns), index);
  if (port !== undefined) waitUntilUp(session.rtnetlink(portNetns), session.linkIndex(port, portNetns));
  return index;
}

function waitUntilUp(socket: RtnetlinkSocket, index: number): void {
  waitSync(() => getLink(socket, index).operState === "up", UP_WAIT);
}
