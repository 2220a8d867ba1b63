/**
 * Steps of links: bridges, veth pairs and what is set on them.
 *
 * @module
 */
import { throwUnlessGone, unlessGone } from "../kernel-absence.ts";
import {
  addBridge,
  addVeth,
  deleteLinkElsewhere,
  getLink,
  type LinkChange,
  type LinkInfo,
  RtnetlinkSocket,
  setLink,
} from "../netlink/index.ts";
import type { LinkAddBridge, LinkAddVeth, LinkDelete, LinkSet } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { orTellFull } from "./bridge-full.ts";
import { deleteIfThere, finishOrDelete, shellOfRefusal, shellOfSet, wordOf } from "./finish-link.ts";

export const linkAddBridge: StepDefinition<LinkAddBridge> = {
  apply({ name, mac, alias, mtu, up, netns }, session) {
    addBridge(session.rtnetlink(netns), { name, mac });
    finishOrDelete(name, netns, session, { alias, mtu, isUp: up });
  },
  undo: ({ name, netns }, _memo, session) => deleteIfThere(name, netns, session),
  toShell({ name, mac, alias, mtu, up, netns }) {
    return [
      shellCommand(...ipIn(netns), "link", "add", "name", name, "address", mac, "type", "bridge"),
      ...shellOfRefusal(name, netns),
      ...shellOfSet(name, netns, [...wordOf("alias", alias), ...wordOf("mtu", mtu), ...(up ? ["up"] : [])]),
    ];
  },
};

const ONE_QUEUE = ["numtxqueues", "1", "numrxqueues", "1"];

export const linkAddVeth: StepDefinition<LinkAddVeth> = {
  apply({ host, hostAlias, bridge, peer, peerNetns, peerMac, mtu, up, netns }, session) {
    const master = bridge === undefined ? undefined : session.linkIndex(bridge, netns);
    const peerNetnsFd = peerNetns === undefined ? undefined : session.netnsFd(peerNetns);
    orTellFull(host, bridge, () =>
      addVeth(session.rtnetlink(netns), { host, master, mtu, peer, peerMac, peerNetnsFd }),
    );
    finishOrDelete(host, netns, session, { alias: hostAlias, isUp: up });
  },
  undo: ({ host, netns }, _memo, session) => deleteIfThere(host, netns, session),
  toShell({ host, hostAlias, bridge, peer, peerNetns, peerMac, mtu, up, netns }) {
    const pair = [
      ...[
        "link",
        "add",
        "name",
        host,
        ...ONE_QUEUE,
        ...wordOf("mtu", mtu),
        ...wordOf("master", bridge),
        "type",
        "veth",
      ],
      ...[
        "peer",
        "name",
        peer,
        ...ONE_QUEUE,
        ...wordOf("mtu", mtu),
        ...wordOf("address", peerMac),
        ...wordOf("netns", peerNetns),
      ],
    ];
    return [
      shellCommand(...ipIn(netns), ...pair),
      ...shellOfRefusal(host, netns),
      ...shellOfSet(host, netns, [...wordOf("alias", hostAlias), ...(up ? ["up"] : [])]),
    ];
  },
};

export const linkDelete: StepDefinition<LinkDelete> = {
  apply: ({ name, netns }, session) => deleteIfThere(name, netns, session),
  async applyElsewhere({ name, netns }, session) {
    session.forgetLink(name, netns);
    try {
      using socket = session.inNetns(netns, () => RtnetlinkSocket.open());
      await deleteLinkElsewhere(socket, name);
    } catch (error) {
      throwUnlessGone(error);
    }
  },
  undo() {},
  toShell: ({ name, netns }) => [shellCommand(...ipIn(netns), "link", "delete", "dev", name)],
};

/** Remembers what it changed as it was before. */
export const linkSet: StepDefinition<LinkSet, LinkChange> = {
  apply({ name, up, mtu, master, alias, mac, netns }, session) {
    const socket = session.rtnetlink(netns);
    const before = getLink(socket, name);
    const masterIndex = typeof master === "string" ? session.linkIndex(master, netns) : master === null ? 0 : undefined;
    const change: LinkChange = { isUp: up, mtu, master: masterIndex, alias, mac };
    orTellFull(name, master, () => setLink(socket, before.index, change));
    return changeBack(before, change);
  },
  undo({ name, netns }, memo, session) {
    unlessGone(() => setLink(session.rtnetlink(netns), name, memo));
  },
  toShell({ name, up, mtu, master, alias, mac, netns }) {
    return shellOfSet(name, netns, [
      ...wordOf("address", mac),
      ...wordOf("mtu", mtu),
      ...wordOf("alias", alias),
      ...(master === null ? ["nomaster"] : wordOf("master", master)),
      ...(up === undefined ? [] : [up ? "up" : "down"]),
    ]);
  },
};

function changeBack(before: LinkInfo, { isUp, mtu, master, alias, mac }: LinkChange): LinkChange {
  return {
    ...(isUp === undefined ? {} : { isUp: before.isUp }),
    ...(mtu === undefined ? {} : { mtu: before.mtu }),
    ...(master === undefined ? {} : { master: before.master ?? 0 }),
    ...(alias === undefined ? {} : { alias: before.alias ?? "" }),
    ...(mac === undefined || before.mac === undefined ? {} : { mac: before.mac }),
  };
}
