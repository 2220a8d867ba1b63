/**
 * The step of kernel parameters.
 *
 * @module
 */
import { unlessGone } from "./kernel-absence.ts";
import type { SysctlSet } from "./network-steps.ts";
import { enterNetns, shellCommand } from "./shell.ts";
import type { StepDefinition } from "./step.ts";
import { hasSysctl, readSysctl, writeSysctl } from "./sysctl.ts";

/** Remembers the value before, or null when there was no such parameter. */
export const sysctlSet: StepDefinition<SysctlSet, string | null> = {
  apply({ key, value, ifPresent, netns }) {
    if (ifPresent === true && !hasSysctl(key, { netns })) return null;
    const before = readSysctl(key, { netns });
    if (before !== value) writeSysctl(key, value, { netns });
    return before;
  },
  undo({ key, value, netns }, before) {
    if (before === null || before === value) return;
    unlessGone(() => {
      if (hasSysctl(key, { netns })) writeSysctl(key, before, { netns });
    });
  },
  toShell: ({ key, value, ifPresent, netns }) => [
    shellCommand(...enterNetns(netns), "sysctl", ifPresent === true ? "-qew" : "-qw", `${key}=${value}`),
  ],
};
