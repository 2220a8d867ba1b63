import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type CgroupLayout, Cgroups, KernelSession, stepsToShell } from "../../../../src/kernel/index.ts";
import { STEP_DEFINITIONS } from "../../../../src/kernel/step/step-definitions.ts";
import { NETWORK_CASES } from "../../../support/step-cases.ts";
import { OTHER_CASES } from "../../../support/step-cases-elsewhere.ts";

const GOLDEN = resolve(import.meta.dirname, "../../../golden/kernel");

const V1: CgroupLayout = {
  version: "v1",
  v1: {
    memory: "/sys/fs/cgroup/memory",
    cpu: "/sys/fs/cgroup/cpu",
    pids: "/sys/fs/cgroup/pids",
    devices: "/sys/fs/cgroup/devices",
    blkio: "/sys/fs/cgroup/blkio",
    cpuset: "/sys/fs/cgroup/cpuset",
  },
};
const V2: CgroupLayout = { version: "v2", v1: {}, unified: "/sys/fs/cgroup" };

describe("stepsToShell", () => {
  test.each([...NETWORK_CASES, ...OTHER_CASES])(
    "stepsToShell prints $name as a person would type it",
    async ({ name, steps }) => {
      const session = new KernelSession(new Cgroups(V1));
      await expect(`${stepsToShell(steps, session).join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}/${name}.sh`);
    },
  );

  test.each(OTHER_CASES.filter(({ name }) => name.startsWith("cgroup.")))(
    "stepsToShell prints $name for version 2",
    async ({ name, steps }) => {
      const session = new KernelSession(new Cgroups(V2));
      await expect(`${stepsToShell(steps, session).join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}/${name}-v2.sh`);
    },
  );

  test("stepsToShell has a golden file for every op", () => {
    const ops = new Set([...NETWORK_CASES, ...OTHER_CASES].flatMap(({ steps }) => steps.map(({ op }) => op)));
    expect([...ops].sort()).toEqual(Object.keys(STEP_DEFINITIONS).sort());
  });
});
