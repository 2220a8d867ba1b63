/**
 * Steps that hold links to a rate.
 *
 * @module
 */
import { KernelError } from "../errno.ts";
import type { KernelSession } from "../step/kernel-session.ts";
import type { IngressDelete, IngressRedirect, RateDelete, RateSet } from "../step/network-steps.ts";
import { enterNetns, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { planTokenBucket } from "./token-bucket.ts";
import { deleteIngress, deleteRate, findRate, redirectIngress, setRate } from "./traffic-control.ts";

/** Remembers the rate before, in bits a second, or null when there was none. */
export const rateSet: StepDefinition<RateSet, number | null> = {
  apply({ link, bitsPerSecond, netns }, session) {
    const index = session.linkIndex(link, netns);
    const before = rateOf(index, netns, session);
    setRate(session.rtnetlink(netns), index, planTokenBucket(bitsPerSecond));
    return before;
  },
  undo({ link, netns }, before, session) {
    unlessNothing(() => {
      const index = session.linkIndex(link, netns);
      if (before === null) deleteRate(session.rtnetlink(netns), index);
      else setRate(session.rtnetlink(netns), index, planTokenBucket(before));
    });
  },
  toShell({ link, bitsPerSecond, netns }) {
    const { rate, burst, limit } = planTokenBucket(bitsPerSecond);
    const words = ["root", "handle", "1:", "tbf", "rate", `${rate * 8}bit`, "burst", `${burst}b`, "limit", `${limit}b`];
    return [shellCommand(...tcIn(netns), "qdisc", "replace", "dev", link, ...words)];
  },
};

/** Remembers the rate before, in bits a second, or null when there was none. */
export const rateDelete: StepDefinition<RateDelete, number | null> = {
  apply({ link, netns }, session) {
    let before: number | null = null;
    unlessNothing(() => {
      const index = session.linkIndex(link, netns);
      before = rateOf(index, netns, session);
      if (before !== null) deleteRate(session.rtnetlink(netns), index);
    });
    return before;
  },
  undo({ link, netns }, before, session) {
    if (before === null) return;
    unlessNothing(() => setRate(session.rtnetlink(netns), session.linkIndex(link, netns), planTokenBucket(before)));
  },
  toShell: ({ link, netns }) => [shellCommand(...tcIn(netns), "qdisc", "delete", "dev", link, "root")],
};

export const ingressRedirect: StepDefinition<IngressRedirect> = {
  apply({ link, to, netns }, session) {
    redirectIngress(session.rtnetlink(netns), session.linkIndex(link, netns), session.linkIndex(to, netns));
  },
  undo({ link, netns }, _memo, session) {
    unlessNothing(() => deleteIngress(session.rtnetlink(netns), session.linkIndex(link, netns)));
  },
  toShell: ({ link, to, netns }) => [
    shellCommand(...tcIn(netns), "qdisc", "add", "dev", link, "ingress"),
    shellCommand(
      ...[...tcIn(netns), "filter", "add", "dev", link, "parent", "ffff:", "protocol", "all", "prio", "1"],
      ...["u32", "match", "u32", "0", "0", "action", "mirred", "egress", "redirect", "dev", to],
    ),
  ],
};

export const ingressDelete: StepDefinition<IngressDelete> = {
  apply({ link, netns }, session) {
    unlessNothing(() => deleteIngress(session.rtnetlink(netns), session.linkIndex(link, netns)));
  },
  undo() {},
  toShell: ({ link, netns }) => [shellCommand(...tcIn(netns), "qdisc", "delete", "dev", link, "ingress")],
};

function rateOf(index: number, netns: string | undefined, session: KernelSession): number | null {
  const rate = findRate(session.rtnetlink(netns), index);
  return rate === undefined ? null : rate * 8;
}

// asm-generic/errno-base.h: no such link; no such queue, which is either of two.
const ENOENT = 2;
const ENODEV = 19;
const EINVAL = 22;

/** Pass over what is gone already. */
function unlessNothing(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof KernelError) || ![ENOENT, ENODEV, EINVAL].includes(error.errno)) throw error;
  }
}

function tcIn(netns: string | undefined): string[] {
  return [...enterNetns(netns), "tc"];
}
