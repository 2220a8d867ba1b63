/**
 * Steps of addresses.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import { addAddress, broadcastOf, deleteAddress, parseIpPrefix } from "../netlink/index.ts";
import type { AddressAdd, AddressDelete } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";

export const addressAdd: StepDefinition<AddressAdd> = {
  apply({ link, address, nodad, netns }, session) {
    addAddress(session.rtnetlink(netns), { link, index: session.linkIndex(link, netns), address, isWithoutDad: nodad });
  },
  undo(step, _memo, session) {
    unlessGone(() => deleteAddress(session.rtnetlink(step.netns), step));
  },
  toShell({ link, address, nodad, netns }) {
    const broadcast = broadcastOf(parseIpPrefix(address)) === undefined ? [] : ["broadcast", "+"];
    return [
      shellCommand(...ipIn(netns), "address", "add", address, ...broadcast, "dev", link, ...(nodad ? ["nodad"] : [])),
    ];
  },
};

/** Remembers whether there was an address to take away. */
export const addressDelete: StepDefinition<AddressDelete, boolean> = {
  apply: (step, session) => unlessGone(() => deleteAddress(session.rtnetlink(step.netns), step)),
  undo(step, wasThere, session) {
    if (wasThere) unlessGone(() => addAddress(session.rtnetlink(step.netns), step));
  },
  toShell: ({ link, address, netns }) => [shellCommand(...ipIn(netns), "address", "delete", address, "dev", link)],
};
