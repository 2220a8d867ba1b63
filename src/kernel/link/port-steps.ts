/**
 * The step of bridge ports.
 *
 * @module
 */
import { KernelError } from "../errno.ts";
import { unlessGone } from "../kernel-absence.ts";
import { findPort, type PortFlags, setPort } from "../netlink/index.ts";
import type { PortSet } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";

const FLAGS = ["isolated", "hairpin", "learning", "flood"] as const;
const EINVAL = 22;

/** Remembers the flags it changed as they were before. */
export const portSet: StepDefinition<PortSet, Partial<PortFlags>> = {
  apply(step, session) {
    const socket = session.rtnetlink(step.netns);
    const before = findPort(socket, step.name);
    if (before === undefined) throw new KernelError(`change port '${step.name}'`, EINVAL, "it is no bridge port");
    const change = Object.fromEntries(named(step));
    setPort(socket, before.index, change);
    return Object.fromEntries(named(step).map(([flag]) => [flag, before[flag]]));
  },
  undo({ name, netns }, memo, session) {
    unlessGone(() => {
      if (findPort(session.rtnetlink(netns), name) !== undefined) setPort(session.rtnetlink(netns), name, memo);
    });
  },
  toShell: (step) => [
    shellCommand(
      ...[...ipIn(step.netns), "link", "set", "dev", step.name, "type", "bridge_slave"],
      ...named(step).flatMap(([flag, value]) => [flag, value ? "on" : "off"]),
    ),
  ],
};

/** The flags that a step names. */
function named(step: PortSet): [keyof PortFlags, boolean][] {
  return FLAGS.flatMap((flag) => {
    const value = step[flag];
    return value === undefined ? [] : [[flag, value]];
  });
}
