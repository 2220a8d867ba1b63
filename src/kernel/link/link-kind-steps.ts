/**
 * Steps that add links of other kinds than bridge and veth.
 *
 * @module
 */
import { addIfb, addMacvlan, setLink } from "../netlink/index.ts";
import type { LinkAddIfb, LinkAddMacvlan } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { deleteIfThere, finishOrDelete, shellOfRefusal, shellOfSet, wordOf } from "./finish-link.ts";

/**
 * Made under a name that nobody has, and renamed where it arrives: kernels before 6.15 want the first name to be free in the parent's namespace,
 * where `eth0` is the parent as often as not.
 */
export const linkAddMacvlan: StepDefinition<LinkAddMacvlan> = {
  apply({ parent, name, peerNetns, mac, mode, mtu, netns }, session) {
    const first = firstName(mac);
    const netnsFd = peerNetns === undefined ? undefined : session.netnsFd(peerNetns);
    addMacvlan(session.rtnetlink(netns), {
      ...{ name: first, parent: session.linkIndex(parent, netns), mac, mode, mtu, netnsFd },
    });
    try {
      setLink(session.rtnetlink(peerNetns), session.linkIndex(first, peerNetns), { name });
      session.forgetLink(first, peerNetns);
    } catch (error) {
      deleteIfThere(first, peerNetns, session);
      throw error;
    }
    finishOrDelete(name, peerNetns, session, {});
  },
  undo: ({ name, peerNetns }, _memo, session) => deleteIfThere(name, peerNetns, session),
  toShell({ parent, name, peerNetns, mac, mode, mtu, netns }) {
    const first = firstName(mac);
    return [
      shellCommand(
        ...[...ipIn(netns), "link", "add", "link", parent, "name", first, "address", mac, ...wordOf("mtu", mtu)],
        ...[...wordOf("netns", peerNetns), "type", "macvlan", "mode", mode],
      ),
      ...shellOfSet(first, peerNetns, ["name", name]),
      ...shellOfRefusal(name, peerNetns),
    ];
  },
};

export const linkAddIfb: StepDefinition<LinkAddIfb> = {
  apply({ name, alias, mtu, up, netns }, session) {
    addIfb(session.rtnetlink(netns), name);
    finishOrDelete(name, netns, session, { alias, mtu, isUp: up });
  },
  undo: ({ name, netns }, _memo, session) => deleteIfThere(name, netns, session),
  toShell: ({ name, alias, mtu, up, netns }) => [
    shellCommand(...ipIn(netns), "link", "add", "name", name, "numtxqueues", "1", "numrxqueues", "1", "type", "ifb"),
    ...shellOfRefusal(name, netns),
    ...shellOfSet(name, netns, [...wordOf("alias", alias), ...wordOf("mtu", mtu), ...(up ? ["up"] : [])]),
  ],
};

/** `mv0242ac100002`: nobody else has the MAC, and 14 characters fit. */
function firstName(mac: string): string {
  return `mv${mac.replaceAll(":", "")}`;
}
