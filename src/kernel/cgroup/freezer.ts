/**
 * Pausing all processes of a cgroup.
 *
 * Source: Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst, Documentation/admin-guide/cgroup-v2.rst ("cgroup.freeze").
 *
 * @module
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { NetdError } from "../../errors.ts";
import { fsCall } from "../fs-call.ts";
import { pollPriority } from "../libc.ts";
import type { Cgroups } from "./cgroups.ts";

/** How long processes get to stop: one in the middle of a system call that can't be interrupted stops after it. */
const LIMIT_MS = 10_000;
/** Version 1 tells nobody when it is done, and what forks in the meantime has to be told again. */
const ROUND_MS = 1;
/** Rounds after which all run on for a moment: a process that waits for a stopped one may then get past it. */
const ROUNDS_TO_THAW = 50;
const EVENTS_MAX_BYTES = 4096;

/**
 * Stop all processes of a cgroup and of all below it; resolves when the last one has stopped.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING when the host has no freezer, PAUSE_FAILED when one does not stop within 10 s: then all run on
 */
export async function freezeCgroup(cgroups: Cgroups, path: string): Promise<void> {
  const { unified, version } = cgroups.layout;
  if (version === "v2") await freezeV2(`${unified}${path}`);
  else await freezeV1(cgroups, path);
}

/** Have all processes of a cgroup go on; does nothing when they do. */
export function thawCgroup(cgroups: Cgroups, path: string): void {
  const file = freezerFile(cgroups, path);
  if (file === undefined || !isFrozen(cgroups, path)) return;
  fsCall(`write ${file.path}`, () => writeFileSync(file.path, file.thawed));
}

/** Whether somebody had a cgroup's processes stop. */
export function isFrozen(cgroups: Cgroups, path: string): boolean {
  const file = freezerFile(cgroups, path);
  try {
    return file !== undefined && readFileSync(file.path, "utf8").trim() !== file.thawed;
  } catch (error) {
    if (["ENOENT", "ENODEV"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** The file that stops processes, and what it says when they run. */
function freezerFile({ layout }: Cgroups, path: string): { path: string; thawed: string } | undefined {
  const { unified, version, v1 } = layout;
  if (version === "v2") return { path: `${unified}${path}/cgroup.freeze`, thawed: "0" };
  return v1.freezer === undefined ? undefined : { path: `${v1.freezer}${path}/freezer.state`, thawed: "THAWED" };
}

async function freezeV1(cgroups: Cgroups, path: string): Promise<void> {
  const { freezer } = cgroups.layout.v1;
  if (freezer === undefined) {
    throw new NetdError("KERNEL_FEATURE_MISSING", `Cannot pause cgroup ${path}: there is no freezer here, one wanted`, {
      remedy: "Mount the cgroup controller 'freezer'",
    });
  }
  // A container has no freezer before it is first paused.
  cgroups.extend(path, ["freezer"]);
  const file = `${freezer}${path}/freezer.state`;
  const write = (state: string) => fsCall(`write ${state} to ${file}`, () => writeFileSync(file, state));
  const deadline = performance.now() + LIMIT_MS;
  for (let round = 1; ; round++) {
    write("FROZEN");
    // FREEZING: some have not stopped yet; reading it makes the kernel look again.
    if (readFileSync(file, "utf8").trim() === "FROZEN") return;
    if (performance.now() > deadline) {
      write("THAWED");
      throw stubborn(path);
    }
    await delay(ROUND_MS);
    if (round % ROUNDS_TO_THAW === 0) write("THAWED");
  }
}

async function freezeV2(directory: string): Promise<void> {
  const fd = fsCall(`open ${directory}/cgroup.events`, () => openSync(`${directory}/cgroup.events`, "r"));
  try {
    const write = (text: string) => writeFileSync(`${directory}/cgroup.freeze`, text);
    fsCall(`write ${directory}/cgroup.freeze`, () => write("1"));
    const deadline = performance.now() + LIMIT_MS;
    while (!/^frozen 1$/m.test(readFromStart(fd))) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        write("0");
        throw stubborn(directory);
      }
      // The kernel wakes who polls for a priority event at each change (cgroups(7)).
      await pollPriority(fd, Math.ceil(leftMs));
    }
  } finally {
    closeSync(fd);
  }
}

function readFromStart(fd: number): string {
  const into = Buffer.alloc(EVENTS_MAX_BYTES);
  return into.toString("utf8", 0, readSync(fd, into, 0, into.length, 0));
}

function stubborn(path: string): NetdError {
  return new NetdError(
    "PAUSE_FAILED",
    `Cannot pause cgroup ${path}: a process did not stop within ${LIMIT_MS / 1000} s, all stopped wanted`,
    { remedy: "Look for a process in state D (ps -eo pid,stat,wchan,args) and try again when it is done" },
  );
}
