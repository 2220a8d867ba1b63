/**
 * Steps of links: bridges, veth pairs and what is set on them.
 *
 * @module
 */
import { check } from "./errno.ts";
import { unlessGone } from "./kernel-absence.ts";
import type { KernelSession } from "./kernel-session.ts";
import { close, open } from "./libc.ts";
import { addBridge, addVeth, deleteLink, getLink, type LinkChange, type LinkInfo, setLink } from "./netlink/index.ts";
import { netnsPath } from "./netns.ts";
import type { LinkAddBridge, LinkAddVeth, LinkDelete, LinkSet } from "./network-steps.ts";
import { enterNetns, ipIn, shellCommand } from "./shell.ts";
import type { StepDefinition } from "./step.ts";
import { hasSysctl, writeSysctl } from "./sysctl.ts";

const O_CLOEXEC = 0o2000000;

export const linkAddBridge: StepDefinition<LinkAddBridge> = {
  apply(step, session) {
    const socket = session.rtnetlink(step.netns);
    addBridge(socket, step);
    finishOrDelete(step.name, step.netns, session, () => {
      ignoreRouterAdvertisements(step.name, step.netns);
      setWhatIsGiven(step.name, { alias: step.alias, mtu: step.mtu, isUp: step.up }, session, step.netns);
    });
  },
  undo({ name, netns }, _memo, session) {
    unlessGone(() => deleteLink(session.rtnetlink(netns), name));
  },
  toShell({ name, mac, alias, mtu, up, netns }) {
    return [
      shellCommand(...ipIn(netns), "link", "add", "name", name, "address", mac, "type", "bridge"),
      ...shellOfRefusal(name, netns),
      ...shellOfSet(name, netns, [...wordOf("alias", alias), ...wordOf("mtu", mtu), ...(up ? ["up"] : [])]),
    ];
  },
};

export const linkAddVeth: StepDefinition<LinkAddVeth> = {
  apply({ host, hostAlias, bridge, peer, peerNetns, peerMac, mtu, up, netns }, session) {
    const socket = session.rtnetlink(netns);
    const master = bridge === undefined ? undefined : getLink(socket, bridge).index;
    withDescriptor(peerNetns, (peerNetnsFd) => addVeth(socket, { host, master, mtu, peer, peerMac, peerNetnsFd }));
    finishOrDelete(host, netns, session, () => {
      ignoreRouterAdvertisements(host, netns);
      setWhatIsGiven(host, { alias: hostAlias, isUp: up }, session, netns);
    });
  },
  undo({ host, netns }, _memo, session) {
    unlessGone(() => deleteLink(session.rtnetlink(netns), host));
  },
  toShell({ host, hostAlias, bridge, peer, peerNetns, peerMac, mtu, up, netns }) {
    const pair = [
      ...["link", "add", "name", host, ...wordOf("mtu", mtu), ...wordOf("master", bridge), "type", "veth"],
      ...["peer", "name", peer, ...wordOf("mtu", mtu), ...wordOf("address", peerMac), ...wordOf("netns", peerNetns)],
    ];
    return [
      shellCommand(...ipIn(netns), ...pair),
      ...shellOfRefusal(host, netns),
      ...shellOfSet(host, netns, [...wordOf("alias", hostAlias), ...(up ? ["up"] : [])]),
    ];
  },
};

export const linkDelete: StepDefinition<LinkDelete> = {
  apply({ name, netns }, session) {
    unlessGone(() => deleteLink(session.rtnetlink(netns), name));
  },
  undo() {},
  toShell: ({ name, netns }) => [shellCommand(...ipIn(netns), "link", "delete", "dev", name)],
};

/** Remembers what it changed as it was before. */
export const linkSet: StepDefinition<LinkSet, LinkChange> = {
  apply({ name, up, mtu, master, alias, mac, netns }, session) {
    const socket = session.rtnetlink(netns);
    const before = getLink(socket, name);
    const masterIndex = typeof master === "string" ? getLink(socket, master).index : master === null ? 0 : undefined;
    const change: LinkChange = { isUp: up, mtu, master: masterIndex, alias, mac };
    setLink(socket, before.index, change);
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

/** Finish a link that was just added; when that fails, delete it, since a step that failed has changed nothing. */
function finishOrDelete(name: string, netns: string | undefined, session: KernelSession, finish: () => void): void {
  try {
    finish();
  } catch (error) {
    unlessGone(() => deleteLink(session.rtnetlink(netns), name));
    throw error;
  }
}

/** Before the link is up, or a forged advertisement may come in first. */
function ignoreRouterAdvertisements(name: string, netns: string | undefined): void {
  const key = acceptRa(name);
  if (hasSysctl(key, { netns })) writeSysctl(key, "0", { netns });
}

function acceptRa(name: string): string {
  return `net/ipv6/conf/${name}/accept_ra`;
}

function setWhatIsGiven(name: string, change: LinkChange, session: KernelSession, netns: string | undefined): void {
  const isEmpty = change.alias === undefined && change.mtu === undefined && change.isUp !== true;
  if (!isEmpty) setLink(session.rtnetlink(netns), name, { ...change, isUp: change.isUp === true ? true : undefined });
}

function changeBack(before: LinkInfo, { isUp, mtu, master, alias, mac }: LinkChange): LinkChange {
  return {
    ...(isUp === undefined ? {} : { isUp: before.isUp }),
    ...(mtu === undefined ? {} : { mtu: before.mtu }),
    ...(master === undefined ? {} : { master: before.master ?? 0 }),
    ...(alias === undefined ? {} : { alias: before.alias ?? "" }),
    ...(mac === undefined || before.mac === undefined ? {} : { mac: before.mac }),
  };
}

/** Call `fn` with a descriptor of a network namespace, closed afterwards. */
function withDescriptor(netns: string | undefined, fn: (fd: number | undefined) => void): void {
  if (netns === undefined) return fn(undefined);
  const path = netnsPath(netns);
  const fd = check(open(path, O_CLOEXEC, 0), () => `open network namespace ${path}`);
  try {
    fn(fd);
  } finally {
    close(fd);
  }
}

function wordOf(word: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [word, String(value)];
}

function shellOfRefusal(name: string, netns: string | undefined): string[] {
  return [shellCommand(...enterNetns(netns), "sysctl", "-qew", `${acceptRa(name)}=0`)];
}

function shellOfSet(name: string, netns: string | undefined, words: string[]): string[] {
  return words.length === 0 ? [] : [shellCommand(...ipIn(netns), "link", "set", "dev", name, ...words)];
}
