/**
 * The step of kernel parameters.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import type { SysctlSet } from "../step/network-steps.ts";
import { enterNetns, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { hasSysctl, readSysctl, writeSysctl } from "./sysctl.ts";

/** Remembers the value before, or null when there was no such parameter. */
export const sysctlSet: StepDefinition<SysctlSet, string | null> = {
  apply: ({ key, value, ifPresent, netns }, session) =>
    session.inNetns(netns, () => {
      if (ifPresent === true && !hasSysctl(key)) return null;
      const before = readSysctl(key);
      if (before !== value) writeSysctl(key, value);
      return before;
    }),
  undo({ key, value, netns }, before, session) {
    if (before === null || before === value) return;
    unlessGone(() =>
      session.inNetns(netns, () => {
        if (hasSysctl(key)) writeSysctl(key, before);
      }),
    );
  },
  toShell: ({ key, value, ifPresent, netns }) => [
    shellCommand(...enterNetns(netns), "sysctl", ifPresent === true ? "-qew" : "-qw", `${key}=${value}`),
  ],
};
