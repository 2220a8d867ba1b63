/**
 * What steps that add links have in common.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import { deleteLink, type LinkChange, setLink } from "../netlink/index.ts";
import type { KernelSession } from "../step/kernel-session.ts";
import { enterNetns, ipIn, shellCommand } from "../step/shell.ts";
import { hasSysctl, writeSysctl } from "../sysctl/sysctl.ts";

/** Finish a link that was just added; when that fails, delete it, since a step that failed has changed nothing. */
export function finishOrDelete(
  name: string,
  netns: string | undefined,
  session: KernelSession,
  change: LinkChange,
): void {
  try {
    session.inNetns(netns, () => ignoreRouterAdvertisements(name));
    const isEmpty = Object.values(change).every((value) => value === undefined);
    if (!isEmpty) setLink(session.rtnetlink(netns), name, change);
  } catch (error) {
    deleteIfThere(name, netns, session);
    throw error;
  }
}

/** Delete a link, if it is there. */
export function deleteIfThere(name: string, netns: string | undefined, session: KernelSession): void {
  session.forgetLink(name, netns);
  unlessGone(() => deleteLink(session.rtnetlink(netns), name));
}

/** Before the link is up, or a forged advertisement may come in first. */
function ignoreRouterAdvertisements(name: string): void {
  const key = acceptRa(name);
  if (hasSysctl(key)) writeSysctl(key, "0");
}

function acceptRa(name: string): string {
  return `net/ipv6/conf/${name}/accept_ra`;
}

/** A word with its value, or nothing. */
export function wordOf(word: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [word, String(value)];
}

/** The command that has a link ignore router advertisements. */
export function shellOfRefusal(name: string, netns: string | undefined): string[] {
  return [shellCommand(...enterNetns(netns), "sysctl", "-qew", `${acceptRa(name)}=0`)];
}

/** The command that changes a link, if there is something to change. */
export function shellOfSet(name: string, netns: string | undefined, words: string[]): string[] {
  return words.length === 0 ? [] : [shellCommand(...ipIn(netns), "link", "set", "dev", name, ...words)];
}
