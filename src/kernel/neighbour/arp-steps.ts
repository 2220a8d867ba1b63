/**
 * The step that announces an address.
 *
 * @module
 */

import { getLink, type RtnetlinkSocket } from "../netlink/index.ts";
import type { ArpAnnounce } from "../step/network-steps.ts";
import { enterNetns, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { type WaitSyncOptions, waitSync } from "../wait-sync.ts";
import { announceArp } from "./arp.ts";

/**
 * A link that was told to come up does so a little later, when the kernel gets to its carrier (net/core/link_watch.c), 0.2 ms as a
 * rule. Until then its bridge port drops frames: one announcement in ten was lost. Asking for a link makes the kernel (6.8 on) get to
 * it at once. When the time is up it is sent nevertheless.
 */
const UP_WAIT: WaitSyncOptions = { limitMs: 50, everyMs: 0.1 };

export const arpAnnounce: StepDefinition<ArpAnnounce> = {
  apply({ link, address, mac, port, portNetns, netns }, session) {
    const index = session.linkIndex(link, netns);
    waitUntilUp(session.rtnetlink(netns), index);
    if (port !== undefined) waitUntilUp(session.rtnetlink(portNetns), session.linkIndex(port, portNetns));
    session.inNetns(netns, () => announceArp({ index, address, mac }));
  },
  undo() {},
  toShell: ({ link, address, netns }) => [
    shellCommand(...enterNetns(netns), "arping", "-U", "-c", "1", "-I", link, address),
  ],
};

function waitUntilUp(socket: RtnetlinkSocket, index: number): void {
  waitSync(() => getLink(socket, index).operState === "up", UP_WAIT);
}
