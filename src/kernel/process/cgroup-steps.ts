/**
 * The step that puts a process into its cgroups.
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, open, write } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { O_CLOEXEC, O_WRONLY } from "./open-flags.ts";

/** Enter cgroups. Goes before a new cgroup namespace, whose root is where the process is then. */
export interface CgroupJoinStep {
  op: "cgroup.join";
  /** Paths of `tasks` (version 1) or `cgroup.procs` (version 2) files, one a hierarchy. */
  joinFiles: string[];
}

/** "0" means the writing process (cgroups(7)). */
const SELF = Buffer.from("0");

/** Carries out {@link CgroupJoinStep}. */
export const cgroupJoin: ProcessStepDefinition<CgroupJoinStep> = {
  walk({ joinFiles }) {
    for (const path of joinFiles) {
      const fd = check(open(path, O_WRONLY | O_CLOEXEC, 0), () => `open(${path})`);
      check(write(fd, SELF, SELF.length), () => `write(${path}, 0)`);
      close(fd);
    }
  },
  toShell: ({ joinFiles }) => joinFiles.map((path) => `echo 0 > ${shellQuote(path)}`),
};
