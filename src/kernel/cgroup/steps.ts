/**
 * Steps of cgroups.
 *
 * @module
 */

import type { CgroupCreate, CgroupDelete } from "../step/network-steps.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import type { Cgroups } from "./cgroups.ts";
import { CGROUP_CONTROLLERS, type CgroupController } from "./layout.ts";
import type { CgroupResources } from "./resources.ts";
import { formatCgroupSettings } from "./settings.ts";
import { namesInV2 } from "./subtree-control.ts";

/** Remembers whether the cgroup was made now. */
export const cgroupCreate: StepDefinition<CgroupCreate, boolean, { cgroups: Cgroups }> = {
  apply(step, { cgroups }) {
    const { path, resources } = step;
    const isNew = cgroups.create(path, controllersOf(step, cgroups));
    try {
      if (resources !== undefined) cgroups.limit(path, resources, isNew);
    } catch (error) {
      if (isNew) cgroups.remove(path);
      throw error;
    }
    return isNew;
  },
  undo({ path }, isNew, { cgroups }) {
    if (isNew) cgroups.remove(path);
  },
  toShell(step, { cgroups }) {
    const { path, resources = {} } = step;
    const controllers = controllersOf(step, cgroups);
    const { cpuset } = cgroups.layout.v1;
    return [
      ...shellOfControllers(path, cgroups, controllers),
      shellCommand("mkdir", "-p", ...cgroups.directories(path, controllers)),
      ...(cpuset !== undefined && controllers.includes("cpuset") ? shellOfCpuset(cpuset, path) : []),
      ...updateToShell(cgroups, path, resources),
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

/** The commands that set limits of a cgroup. */
export function updateToShell({ layout }: Cgroups, path: string, resources: CgroupResources): string[] {
  return formatCgroupSettings(resources, layout)
    .filter(({ mountPoint, isOptional }) => mountPoint !== "" && isOptional !== true)
    .map(({ mountPoint, file, text }) => `echo ${shellQuote(text)} >${shellQuote(`${mountPoint}${path}/${file}`)}`);
}

/** The commands that pause the processes of a cgroup, or have them go on. */
export function pauseToShell(cgroups: Cgroups, path: string, isPausing: boolean): string[] {
  const { unified, version, v1 } = cgroups.layout;
  if (version === "v2") return [`echo ${isPausing ? 1 : 0} >${shellQuote(`${unified}${path}/cgroup.freeze`)}`];
  const directory = `${v1.freezer}${path}`;
  const set = `echo ${isPausing ? "FROZEN" : "THAWED"} >${shellQuote(`${directory}/freezer.state`)}`;
  if (!isPausing) return [set];
  const [from = ""] = cgroups.directories(path);
  return [
    shellCommand("mkdir", "-p", directory),
    `for pid in $(cat ${shellQuote(`${from}/cgroup.procs`)}); do echo $pid >${shellQuote(`${directory}/cgroup.procs`)}; done`,
    set,
  ];
}

function controllersOf({ hierarchies, resources }: CgroupCreate, cgroups: Cgroups): readonly CgroupController[] {
  return hierarchies === "all" ? CGROUP_CONTROLLERS : cgroups.controllersFor(resources);
}

/** Version 2 hands controllers down from the root, one directory at a time. */
function shellOfControllers(path: string, { layout }: Cgroups, controllers: readonly CgroupController[]): string[] {
  if (layout.version !== "v2") return [];
  const words = namesInV2(controllers).map((name) => `+${name}`);
  const parents = path.split("/").slice(1, -1);
  return ["", ...parents].flatMap((_, depth) => {
    const directory = [layout.unified, ...parents.slice(0, depth)].join("/");
    const make = depth === 0 ? [] : [shellCommand("mkdir", "-p", directory)];
    return [...make, `echo '${words.join(" ")}' >${shellQuote(`${directory}/cgroup.subtree_control`)}`];
  });
}

/** Version 1: each directory gets what its parent has, where it has nothing. */
function shellOfCpuset(mountPoint: string, path: string): string[] {
  const parts = path.split("/").slice(1);
  return parts.flatMap((_, depth) => {
    const parent = [mountPoint, ...parts.slice(0, depth)].join("/");
    const directory = `${parent}/${parts[depth]}`;
    return ["cpuset.cpus", "cpuset.mems"].map((file) => {
      const [from, to] = [shellQuote(`${parent}/${file}`), shellQuote(`${directory}/${file}`)];
      return `grep -q . ${to} || cat ${from} >${to}`;
    });
  });
}
