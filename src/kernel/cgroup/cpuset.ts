/**
 * Cpusets of version 1: a new one is empty, and no process can enter an empty one (Documentation/admin-guide/cgroup-v1/cpusets.rst).
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fsCall } from "../fs-call.ts";

/** Give a cgroup and its parents, where they have none, the processors and memory nodes of the parent above. */
export function fillCpuset(mountPoint: string, path: string): void {
  let parent = mountPoint;
  for (const name of path.split("/").slice(1)) {
    const directory = `${parent}/${name}`;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (read(`${directory}/${file}`) !== "") continue;
      const target = `${directory}/${file}`;
      fsCall(`write ${target}`, () => writeFileSync(target, read(`${parent}/${file}`)));
    }
    parent = directory;
  }
}

function read(file: string): string {
  return fsCall(`read ${file}`, () => readFileSync(file, "utf8")).trim();
}
