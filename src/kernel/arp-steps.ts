/**
 * The step that announces an address.
 *
 * @module
 */
import { announceArp } from "./arp.ts";
import type { ArpAnnounce } from "./network-steps.ts";
import { enterNetns, shellCommand } from "./shell.ts";
import type { StepDefinition } from "./step.ts";

export const arpAnnounce: StepDefinition<ArpAnnounce> = {
  apply({ link, address, mac, netns }, session) {
    const index = session.linkIndex(link, netns);
    session.inNetns(netns, () => announceArp({ index, address, mac }));
  },
  undo() {},
  toShell: ({ link, address, netns }) => [
    shellCommand(...enterNetns(netns), "arping", "-U", "-c", "1", "-I", link, address),
  ],
};
