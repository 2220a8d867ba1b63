import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BASE_CONTROLLERS } from "../../../../src/kernel/cgroup/resources.ts";
import { applySteps, type CgroupDeviceRule, Cgroups, undoSteps } from "../../../../src/kernel/index.ts";

const cgroups = new Cgroups();
const { version, v1 } = cgroups.layout;
/** Version 2, wherever it is, also where {@link Cgroups} leaves it alone. */
const unified = / (\S+) \S+ - cgroup2 /.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1];

/** A cgroup's path that goes away with what runs in it. */
class TestCgroup implements AsyncDisposable {
  readonly path = `/netdtest-${process.pid}-${randomBytes(3).toString("hex")}`;
  readonly #cgroups: Cgroups;

  constructor(within = cgroups) {
    this.#cgroups = within;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cgroups.remove(this.path);
  }
}

/** A process in a cgroup, ended by whatever ends it. */
async function startIn(path: string): Promise<ChildProcess> {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(child, "spawn");
  cgroups.add(path, child.pid ?? 0);
  return child;
}

function read(mountPoint: string | undefined, path: string, file: string): string {
  return readFileSync(`${mountPoint}${path}/${file}`, "utf8").trim();
}

describe("Cgroups", () => {
  test.runIf(version !== "v2")("Cgroups writes limits where version 1 has them", async () => {
    await using cgroup = new TestCgroup();
    applySteps([
      {
        op: "cgroup.create",
        path: cgroup.path,
        resources: {
          memory: { limit: 67_108_864 },
          cpu: { quota: 50_000, period: 100_000 },
          pids: { limit: 100 },
        },
      },
    ]);
    expect([
      read(v1.memory, cgroup.path, "memory.limit_in_bytes"),
      read(v1.cpu, cgroup.path, "cpu.cfs_quota_us"),
      read(v1.cpu, cgroup.path, "cpu.cfs_period_us"),
      read(v1.pids, cgroup.path, "pids.max"),
    ]).toEqual(["67108864", "50000", "100000", "100"]);
  });

  test.runIf(v1.devices !== undefined)("Cgroups holds children to the devices of their parent", async () => {
    await using cgroup = new TestCgroup();
    const devices = [{ allow: false }, { allow: true, type: "c" as const, major: 1, minor: 3, access: "rw" }];
    const create = { op: "cgroup.create", path: cgroup.path, resources: { devices } } as const;
    applySteps([create, { op: "cgroup.create", path: `${cgroup.path}/child` }]);
    expect(read(v1.devices, `${cgroup.path}/child`, "devices.list")).toBe("c 1:3 rw");
    expect(() => applySteps([create])).not.toThrow();
  });

  test.runIf(unified !== undefined)("Cgroups holds children to the devices of their parent in version 2", async () => {
    const only = new Cgroups({ version: "v2", v1: {}, unified: unified ?? "" });
    await using cgroup = new TestCgroup(only);
    const child = `${cgroup.path}/child`;
    only.create(child);
    const devices: CgroupDeviceRule[] = [
      { allow: false },
      { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
      { allow: true, type: "c", major: 1, minor: 5 },
      { allow: false, type: "c", major: 1, minor: 5, access: "w" },
    ];
    only.limit(cgroup.path, { devices });
    only.limit(cgroup.path, { devices });
    const allows = (command: string): boolean => {
      const script = `echo 0 >'${unified}${child}/cgroup.procs'; { ${command}; } 2>/dev/null`;
      return spawnSync("sh", ["-c", script]).status === 0;
    };
    expect({
      readNull: allows("head -c1 </dev/null"),
      writeNull: allows("echo >/dev/null"),
      readZero: allows("head -c1 </dev/zero"),
      writeZero: allows("echo >/dev/zero"),
      readRandom: allows("head -c1 </dev/urandom"),
      makeNode: allows(`mknod /tmp/${cgroup.path.slice(1)} c 1 3`),
    }).toEqual({
      readNull: true,
      writeNull: true,
      readZero: true,
      writeZero: false,
      readRandom: false,
      makeNode: false,
    });
  });

  test("Cgroups moves a process into every hierarchy", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    const child = await startIn(cgroup.path);
    const lines = readFileSync(`/proc/${child.pid}/cgroup`, "utf8").split("\n");
    const wanted = [
      ...BASE_CONTROLLERS.filter((name) => v1[name] !== undefined).map((name) => `${name}:${cgroup.path}`),
      ...(version === "v2" ? [`:${cgroup.path}`] : []),
    ];
    expect(lines.map((line) => line.slice(line.indexOf(":") + 1))).toEqual(expect.arrayContaining(wanted));
    expect(cgroups.pids(cgroup.path)).toEqual([child.pid]);
  });

  test("Cgroups removes a cgroup with its children and what runs in them", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(`${cgroup.path}/child`);
    const children = [await startIn(`${cgroup.path}/child`), await startIn(`${cgroup.path}/child`)];
    const ends = children.map((child) => once(child, "exit"));
    cgroups.remove(cgroup.path);
    expect(await Promise.all(ends)).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
    expect(cgroups.directories(cgroup.path).filter((directory) => existsSync(directory))).toEqual([]);
  });

  test.runIf(v1.freezer !== undefined)("Cgroups kills without cgroup.kill, too", async () => {
    await using cgroup = new TestCgroup();
    const only = new Cgroups({ version: "v1", v1 });
    only.create(cgroup.path);
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    await once(child, "spawn");
    only.add(cgroup.path, child.pid ?? 0);
    const end = once(child, "exit");
    only.remove(cgroup.path);
    expect(await end).toEqual([null, "SIGKILL"]);
  });

  test("Cgroups says which controller is missing", async () => {
    await using cgroup = new TestCgroup();
    const without = new Cgroups({
      version: "v1",
      v1: { ...(v1.freezer === undefined ? {} : { freezer: v1.freezer }) },
    });
    without.create(cgroup.path);
    expect(() => without.limit(cgroup.path, { memory: { limit: 1 << 20 } })).toThrow(
      expect.objectContaining({ code: "KERNEL_FEATURE_MISSING", message: expect.stringContaining("'memory'") }),
    );
  });

  test.each(["", "/", "netd", "/netd/", "/netd/../x", "/..", "/netd//x", "/netd/.", "/a\nb"])(
    "Cgroups refuses the path %j",
    (path) => {
      expect(() => cgroups.remove(path)).toThrow(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
    },
  );
});

describe("applySteps", () => {
  test("applySteps makes a cgroup, and undoing removes it", async () => {
    await using cgroup = new TestCgroup();
    const applied = applySteps([{ op: "cgroup.create", path: cgroup.path }]);
    expect(cgroups.directories(cgroup.path).every((directory) => existsSync(directory))).toBe(true);
    expect(undoSteps(applied)).toEqual([]);
    expect(cgroups.has(cgroup.path)).toBe(false);
  });

  test("applySteps keeps a cgroup that was there when it is undone", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    undoSteps(applySteps([{ op: "cgroup.create", path: cgroup.path }]));
    expect(cgroups.has(cgroup.path)).toBe(true);
  });
});
