/**
 * A container that is never born: its steps are walked a few times after the runtime has started, so that those of the first real one are fast.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import type { Cgroups } from "../kernel/index.ts";
import { type ProcessStep, rehearse } from "../kernel/process/index.ts";
import type { OciConfig } from "./oci/config.ts";
import { planContainer } from "./plan/container-steps.ts";

/** After so many rounds V8 has compiled what there is to compile. */
const ROUNDS = 25;

/** What {@link startRehearsal} needs. */
export interface RehearsalOptions {
  /** What {@link planRehearsal} made. */
  steps: readonly ProcessStep[];
  /** Told when it can't be done: containers start all the same, only slower. */
  warn: (message: string) => void;
  /** Called after the last round. */
  onEnd: () => void;
}

/** Make the directory, of the runtime's own, that a rehearsal takes place in, and plan its steps. */
export function planRehearsal(runDir: string, cgroups: Cgroups): ProcessStep[] {
  const directory = `${runDir}/rehearsal`;
  rmSync(directory, { recursive: true, force: true });
  const overlay = { lower: [`${directory}/lower`], upper: `${directory}/upper`, work: `${directory}/work` };
  const rootfs = `${directory}/rootfs`;
  for (const path of [...overlay.lower, overlay.upper, overlay.work, rootfs]) mkdirSync(path, { recursive: true });
  const params = {
    ...{ containerId: "", config: rehearsalConfig(rootfs, directory), overlay },
    ...{ stdin: false, streamDir: directory },
  };
  const compileSeccomp = () => ({ program: "", flags: 0 });
  return planContainer(params, { cgroups: cgroups.layout, joinFiles: [], compileSeccomp }).steps;
}

/** Rehearse round by round, letting requests through in between. */
export function startRehearsal({ steps, warn, onEnd }: RehearsalOptions): void {
  let round = 0;
  const next = (): void => {
    try {
      rehearse(steps);
    } catch (error) {
      warn(`Cannot rehearse a start: ${String(error)}`);
      round = ROUNDS;
    }
    round++;
    if (round < ROUNDS) setImmediate(next);
    else onEnd();
  };
  setImmediate(next);
}

/** A container with every kind of mount. */
function rehearsalConfig(rootfs: string, boundDirectory: string): OciConfig {
  return {
    ociVersion: "1.2.0",
    process: {
      user: { uid: 0, gid: 0 },
      args: ["true"],
      env: [],
      cwd: "/",
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    },
    root: { path: rootfs },
    hostname: "rehearsal",
    mounts: [
      { destination: "/proc", type: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev", type: "tmpfs", options: ["nosuid", "mode=755"] },
      { destination: "/dev/pts", type: "devpts", options: ["nosuid", "noexec", "newinstance"] },
      { destination: "/dev/mqueue", type: "mqueue", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev/shm", type: "tmpfs", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/srv", type: "bind", source: boundDirectory, options: ["rbind", "rprivate", "ro"] },
    ],
    linux: {
      namespaces: [{ type: "pid" }, { type: "mount" }],
      cgroupsPath: "/",
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/none"],
      readonlyPaths: ["/proc/sys", "/proc/bus", "/proc/none"],
    },
  };
}
