/**
 * The step that gives an empty volume what the image has in its place.
 *
 * @module
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { check } from "../errno.ts";
import { close, flock, open } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import { copyTree } from "./copy-tree.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY } from "./open-flags.ts";
import { sendReport } from "./report.ts";
import { tryOpenInRoot } from "./root-path.ts";

/** Copy what is at `path` in the root into the directory `volume`, unless that has something already, or there is no such directory. */
export interface VolumeFillStep {
  op: "volume.fill";
  /** Directory of the host. */
  volume: string;
  /** File of the host that is there while the volume is half full: who finds it begins again. */
  marker: string;
  root: string;
  path: string;
}

const LOCK_EX = 2;

/** Carries out {@link VolumeFillStep}. */
export const volumeFill: ProcessStepDefinition<VolumeFillStep> = {
  walk({ volume, marker, path }, { rootFd, reportFd }) {
    const from = tryOpenInRoot(rootFd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (from < 0) return;
    const to = check(open(volume, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), () => `open(${volume})`);
    // Another container with the same volume may start at this moment.
    check(flock(to, LOCK_EX), () => `flock(${volume})`);
    if (existsSync(marker)) empty(to);
    if (readdirSync(`/proc/self/fd/${to}`).length === 0) {
      writeFileSync(marker, "");
      copyTree(from, to, { onProgress: () => sendReport(reportFd, { progress: path }) });
      rmSync(marker, { force: true });
    }
    close(to);
    close(from);
  },
  toShell({ volume, root, path }) {
    const from = shellQuote(root + path);
    const to = shellQuote(volume);
    return [`[ -d ${from} ] && [ -z "$(ls -A ${to})" ] && cp -a ${from}/. ${to} || true`];
  },
};

function empty(fd: number): void {
  for (const name of readdirSync(`/proc/self/fd/${fd}`)) {
    rmSync(`/proc/self/fd/${fd}/${name}`, { recursive: true, force: true });
  }
}
