/**
 * Steps of cgroups.
 *
 * @module
 */

import type { Cgroups } from "./cgroup.ts";
import { formatCgroupDevices, formatCgroupLimits } from "./cgroup-settings.ts";
import type { CgroupCreate, CgroupDelete } from "./network-steps.ts";
import { shellCommand, shellQuote } from "./shell.ts";
import type { StepDefinition } from "./step.ts";

/** Remembers whether the cgroup was made now. */
export const cgroupCreate: StepDefinition<CgroupCreate, boolean, { cgroups: Cgroups }> = {
  apply({ path, limits, deviceRules }, { cgroups }) {
    const isNew = !cgroups.has(path);
    try {
      cgroups.create(path);
      if (deviceRules !== undefined) cgroups.restrictDevices(path, deviceRules);
      if (limits !== undefined) cgroups.limit(path, limits);
    } catch (error) {
      if (isNew) cgroups.remove(path);
      throw error;
    }
    return isNew;
  },
  undo({ path }, isNew, { cgroups }) {
    if (isNew) cgroups.remove(path);
  },
  toShell({ path, limits = {}, deviceRules = [] }, { cgroups }) {
    const settings = [
      ...formatCgroupDevices(deviceRules, cgroups.layout),
      ...formatCgroupLimits(limits, cgroups.layout),
    ];
    return [
      ...shellOfControllers(path, cgroups),
      shellCommand("mkdir", "-p", ...cgroups.directories(path)),
      ...settings
        .filter(({ mountPoint, isOptional }) => mountPoint !== "" && isOptional !== true)
        .map(({ mountPoint, file, text }) => `echo ${shellQuote(text)} >${shellQuote(`${mountPoint}${path}/${file}`)}`),
    ];
  },
};

export const cgroupDelete: StepDefinition<CgroupDelete> = {
  apply: ({ path }, { cgroups }) => cgroups.remove(path),
  undo() {},
  toShell({ path }, { cgroups }) {
    const { unified } = cgroups.layout;
    const killing = unified === undefined ? [] : [`echo 1 >${shellQuote(`${unified}${path}/cgroup.kill`)}`];
    return [...killing, shellCommand("rmdir", ...cgroups.directories(path))];
  },
};

/** Version 2 hands controllers down from the root, one directory at a time. */
function shellOfControllers(path: string, { layout }: Cgroups): string[] {
  if (layout.version !== "v2") return [];
  const parents = path.split("/").slice(1, -1);
  return ["", ...parents].flatMap((_, depth) => {
    const directory = [layout.unified, ...parents.slice(0, depth)].join("/");
    const make = depth === 0 ? [] : [shellCommand("mkdir", "-p", directory)];
    return [...make, `echo '+cpu +memory +pids' >${shellQuote(`${directory}/cgroup.subtree_control`)}`];
  });
}
