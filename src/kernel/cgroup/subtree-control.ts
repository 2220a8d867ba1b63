/**
 * Controllers of version 2 are handed down one directory at a time: a directory has those that its parent's cgroup.subtree_control names.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fsCall } from "../fs-call.ts";
import type { CgroupController } from "./layout.ts";

const DIR_MODE = 0o755;
/** Controllers of version 1 that version 2 has under another name, or does without. */
const V2_NAME: Partial<Record<CgroupController, string>> = {
  blkio: "io",
  cpuacct: "",
  devices: "",
  freezer: "",
  net_cls: "",
  net_prio: "",
  perf_event: "",
};

/** The controllers by their names in version 2. */
export function namesInV2(controllers: readonly CgroupController[]): string[] {
  return controllers.map((name) => V2_NAME[name] ?? name).filter((name) => name !== "");
}

/** Hand the controllers that the host has down from the root to `path`, whose parents are made. */
export function enableControllers(root: string, path: string, controllers: readonly CgroupController[]): void {
  const wanted = namesInV2(controllers);
  const parts = path.split("/").slice(1);
  const parent = [root, ...parts.slice(0, -1)].join("/");
  if (isHandedDown(parent, wanted)) return;
  const available = readWords(`${root}/cgroup.controllers`);
  let directory = root;
  for (const part of parts) {
    const on = readWords(`${directory}/cgroup.subtree_control`);
    for (const controller of wanted.filter((name) => available.includes(name) && !on.includes(name))) {
      fsCall(`enable controller ${controller} below ${directory}`, () =>
        writeFileSync(`${directory}/cgroup.subtree_control`, `+${controller}`),
      );
    }
    directory += `/${part}`;
    const made = directory;
    fsCall(`make cgroup ${made}`, () => mkdirSync(made, { recursive: true, mode: DIR_MODE }));
  }
}

function isHandedDown(parent: string, wanted: readonly string[]): boolean {
  try {
    const on = readFileSync(`${parent}/cgroup.subtree_control`, "utf8").trim().split(" ");
    return wanted.every((name) => on.includes(name));
  } catch {
    // There is no parent yet.
    return false;
  }
}

function readWords(file: string): string[] {
  return fsCall(`read ${file}`, () => readFileSync(file, "utf8"))
    .trim()
    .split(" ");
}
