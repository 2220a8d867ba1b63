import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { CgroupLayout } from "../../../../src/kernel/index.ts";
import { composeShell, type ProcessStep } from "../../../../src/kernel/process/index.ts";
import { type HostFacts, planContainer } from "../../../../src/runtime/plan/container-steps.ts";
import { planExec } from "../../../../src/runtime/plan/exec-steps.ts";
import { containerParams } from "../../../support/container-params.ts";

const GOLDEN = resolve(import.meta.dirname, "../../../golden/runtime");
const V1: CgroupLayout = {
  version: "v1",
  v1: { memory: "/sys/fs/cgroup/memory", cpu: "/sys/fs/cgroup/cpu,cpuacct", pids: "/sys/fs/cgroup/pids" },
};
const V2: CgroupLayout = { version: "v2", v1: {}, unified: "/sys/fs/cgroup" };

function factsFor(cgroups: CgroupLayout): HostFacts {
  const compileSeccomp = () => ({ program: "AAAAAAAAAAA=", flags: 4 });
  return { cgroups, joinFiles: ["/sys/fs/cgroup/netd/x/cgroup.procs"], compileSeccomp };
}

function paramsFor(options: Partial<Parameters<typeof containerParams>[1]> = {}) {
  return containerParams(["sh"], {
    containerId: "0".repeat(64),
    directory: "/c",
    layers: ["/l/top", "/l/base"],
    cgroupsPath: "/netd/x",
    ...options,
  });
}

function formatSteps(steps: readonly ProcessStep[]): string {
  return steps.map((step) => `${JSON.stringify(step)}\n`).join("");
}

describe("planContainer", () => {
  test("planContainer isolates a default container, with cgroups of version 1", async () => {
    const { pidNamespace, steps } = planContainer(paramsFor(), factsFor(V1));
    expect(pidNamespace).toBe("new");
    await expect(formatSteps(steps)).toMatchFileSnapshot(`${GOLDEN}/default.jsonl`);
    await expect(`${composeShell(steps, { pidNamespace })}\n`).toMatchFileSnapshot(`${GOLDEN}/default.sh`);
  });

  test("planContainer shows cgroups of version 2 as one mount", () => {
    const { steps } = planContainer(paramsFor(), factsFor(V2));
    expect(steps.filter((step) => "target" in step && String(step.target).startsWith("/sys/fs/cgroup"))).toEqual([
      {
        op: "mount.bind",
        source: "/sys/fs/cgroup/netd/x",
        root: "/c/rootfs",
        target: "/sys/fs/cgroup",
        isRecursive: false,
        flags: ["ro", "nosuid", "noexec", "nodev"],
      },
    ]);
  });

  test("planContainer plans a container with everything", async () => {
    const params = paramsFor({
      isReadonly: true,
      stdin: true,
      mounts: [{ destination: "/data", type: "bind", source: "/srv", options: ["rbind", "rslave", "ro", "nosuid"] }],
      process: {
        terminal: true,
        consoleSize: { height: 24, width: 80 },
        user: { uid: 1000, gid: 1001, additionalGids: [5], umask: 0o77 },
        cwd: "/work",
        noNewPrivileges: true,
        rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
      },
    });
    params.config.linux.namespaces = [{ type: "mount" }, { type: "network", path: "/run/netns/web" }, { type: "pid" }];
    params.config.linux.devices = [{ path: "/dev/fuse", type: "c", major: 10, minor: 229 }];
    const { steps } = planContainer(params, factsFor(V2));
    await expect(formatSteps(steps)).toMatchFileSnapshot(`${GOLDEN}/everything.jsonl`);
  });

  test("planContainer binds a root directory without layers", () => {
    const { overlay: _overlay, ...params } = paramsFor();
    expect(planContainer(params, factsFor(V1)).steps).toContainEqual({ op: "root.bind", path: "/c/rootfs" });
  });

  test("planContainer joins its cgroups before it has a cgroup namespace, and gives capabilities up last", () => {
    const ops = planContainer(paramsFor(), factsFor(V1)).steps.map(({ op }) => op);
    expect(ops.indexOf("cgroup.join")).toBeLessThan(ops.indexOf("namespaces.unshare"));
    expect(ops.indexOf("root.pivot")).toBeLessThan(ops.indexOf("descriptors.close"));
    expect(ops.slice(-5)).toEqual(["capabilities.bound", "user.set", "capabilities.set", "signals.reset", "exec"]);
  });

  test("planContainer loads a filter while it may, and last of all when no_new_privs lets it", () => {
    const seccomp = { defaultAction: "SCMP_ACT_ALLOW" };
    const opsOf = (noNewPrivileges: boolean) =>
      planContainer(paramsFor({ seccomp, process: { noNewPrivileges } }), factsFor(V1)).steps.map(({ op }) => op);
    expect(opsOf(false).slice(-6)).toEqual(
      "capabilities.bound seccomp.load user.set capabilities.set signals.reset exec".split(" "),
    );
    expect(opsOf(true).slice(-5)).toEqual(
      "capabilities.set privileges.freeze signals.reset seccomp.load exec".split(" "),
    );
  });

  test("planContainer keeps the parent's answers for a filter with a listener", () => {
    const listener = { path: "/run/agent.sock", metadata: "" };
    const facts = { ...factsFor(V1), compileSeccomp: () => ({ program: "", flags: 8, listener }) };
    const { steps, seccomp } = planContainer(paramsFor({ seccomp: { defaultAction: "SCMP_ACT_ALLOW" } }), facts);
    expect(steps).toContainEqual({ op: "descriptors.close", keepsAnswers: true });
    expect(seccomp?.listener).toEqual(listener);
  });

  test("planContainer binds the container's cgroup where a user namespace may not mount the tree", () => {
    const params = paramsFor();
    const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
    const namespaces = [
      ...params.config.linux.namespaces.filter(({ type }) => type !== "cgroup"),
      { type: "user" as const },
    ];
    const linux = { ...params.config.linux, namespaces, uidMappings: ids, gidMappings: ids };
    const { steps } = planContainer({ ...params, config: { ...params.config, linux } }, factsFor(V2));
    expect(steps.find((step) => "target" in step && step.target === "/sys/fs/cgroup")).toMatchObject({
      op: "mount.bind",
      source: "/sys/fs/cgroup/netd/x",
    });
  });

  test("planContainer leaves the root and the sharing of the host's mounts alone without a mount namespace", () => {
    const params = paramsFor();
    const namespaces = params.config.linux.namespaces.filter(({ type }) => type !== "mount");
    const config = { ...params.config, linux: { ...params.config.linux, namespaces } };
    const ops = planContainer({ ...params, config }, factsFor(V1)).steps.map(({ op }) => op);
    expect(ops.filter((op) => op.startsWith("root.") || op === "mount.propagation")).toEqual([
      "root.overlay",
      "root.enter",
    ]);
  });

  test("planContainer leaves the keyring alone when asked to", () => {
    const ops = planContainer({ ...paramsFor(), noNewKeyring: true }, factsFor(V1)).steps.map(({ op }) => op);
    expect(ops).not.toContain("keyring.join");
  });
});

test("planExec enters everything of a container, then is who it shall be", async () => {
  const { process } = paramsFor().config;
  const { pidNamespace, steps } = planExec(
    { ...process, args: ["id"], terminal: true },
    {
      ...{ pid: 17, pidfd: 30, joinFiles: ["/j"], keyring: "_ses.3f2a" },
      ...{ stdin: { path: "/dev/null" }, stdout: { fd: 40 }, stderr: { fd: 41 } },
    },
  );
  expect(pidNamespace).toEqual({ pidfd: 30 });
  await expect(formatSteps(steps)).toMatchFileSnapshot(`${GOLDEN}/exec.jsonl`);
});
