import { expect, test } from "vitest";
import {
  DEFAULT_CAPABILITIES,
  mergeEnv,
  type PlanContainerConfigOptions,
  planCapabilities,
  planContainerConfig,
} from "../../../src/netd/container-config.ts";

const CONTAINER_DIR = "/var/lib/netd/containers/ID";
const OPTIONS: PlanContainerConfigOptions = {
  image: { env: [], workdir: "" },
  command: ["sh"],
  user: { uid: 0, gid: 0, home: "/root" },
  hostname: "3f2a91c04b5e",
  files: {
    hosts: `${CONTAINER_DIR}/hosts`,
    hostname: `${CONTAINER_DIR}/hostname`,
    resolvConf: `${CONTAINER_DIR}/resolv.conf`,
  },
  rootfs: `${CONTAINER_DIR}/rootfs`,
  netnsPath: "/run/netns/web",
  cgroupsPath: "/netd/0badcafe/ID",
  machine: { arch: "amd64", kernelVersion: "6.1.0" },
  resourceFacts: { hasSwapAccounting: true, deviceNumbers: () => ({ major: 8, minor: 0 }) },
  volumes: { pathOf: (name: string) => `/v/${name}/_data`, markerOf: (name: string) => `/v/${name}/filling` },
  devices: { nodes: [], rules: [] },
};

function golden(name: string): string {
  return `../../golden/netd/config-${name}.json`;
}

function formatJson(value: unknown): string {
  const shorten = (key: string, item: unknown): unknown =>
    key === "names" && Array.isArray(item) && item.length > 1 ? [`${item.slice(0, 3).join(" ")} ...`] : item;
  return `${JSON.stringify(value, shorten, 2)}\n`;
}

test("planContainerConfig of a default container is as in the golden file", async () => {
  await expect(formatJson(planContainerConfig({ image: "busybox" }, OPTIONS))).toMatchFileSnapshot(golden("default"));
});

test("planContainerConfig of a container that asks for everything is as in the golden file", async () => {
  const config = planContainerConfig(
    {
      image: "busybox",
      env: ["A=b", "PATH=/bin"],
      workdir: "/srv",
      memoryBytes: 64 * 2 ** 20,
      cpus: 0.5,
      pidsLimit: 100,
      capAdd: ["NET_ADMIN"],
      capDrop: ["MKNOD"],
      noNewPrivileges: true,
      readOnly: true,
      tty: true,
      stdin: true,
      mounts: [
        { source: "/srv/data", target: "/data", readOnly: false },
        { source: "/srv/etc", target: "/etc/app", readOnly: true },
      ],
    },
    { ...OPTIONS, image: { env: ["A=a", "C=d"], workdir: "/home/app" }, user: { uid: 0, gid: 5, home: "/home/app" } },
  );
  await expect(formatJson(config)).toMatchFileSnapshot(golden("full"));
});

test("planContainerConfig gives a privileged container everything, and no filter", () => {
  const hostDevices = [{ path: "/dev/kmsg", type: "c" as const, major: 1, minor: 11 }];
  const { process, mounts, linux } = planContainerConfig(
    { image: "busybox", privileged: true, capDrop: ["ALL"] },
    { ...OPTIONS, hostDevices },
  );
  expect(process.capabilities?.effective).toHaveLength(41);
  expect(linux).not.toHaveProperty("seccomp");
  expect(linux).not.toHaveProperty("maskedPaths");
  expect(linux).not.toHaveProperty("readonlyPaths");
  expect(linux.devices).toEqual(hostDevices);
  expect(linux.resources?.devices).toEqual([{ allow: true, access: "rwm" }]);
  expect(mounts.filter(({ options }) => options?.includes("ro"))).toEqual([]);
});

test("planContainerConfig hides nothing of /proc and /sys on request", () => {
  const { linux } = planContainerConfig({ image: "busybox", systemPaths: "unconfined" }, OPTIONS);
  expect(linux).not.toHaveProperty("maskedPaths");
  expect(linux).not.toHaveProperty("readonlyPaths");
  expect(linux).toHaveProperty("seccomp");
});

test("planContainerConfig filters by docker's profile, by another, or not at all", () => {
  const seccompOf = (seccomp?: string) =>
    planContainerConfig({ image: "busybox", ...(seccomp === undefined ? {} : { seccomp }) }, OPTIONS).linux.seccomp;
  expect(seccompOf()?.defaultAction).toBe("SCMP_ACT_ERRNO");
  expect(seccompOf("unconfined")).toBeUndefined();
  expect(seccompOf('{"defaultAction": "SCMP_ACT_LOG"}')).toEqual({ defaultAction: "SCMP_ACT_LOG", syscalls: [] });
  expect(() => seccompOf("{}}")).toThrow(/no JSON/);
});

test("planContainerConfig gives a user that is not root the bounding set only", () => {
  const { capabilities } = planContainerConfig(
    { image: "busybox" },
    { ...OPTIONS, user: { uid: 1000, gid: 1000, home: "/" } },
  ).process;
  expect(capabilities).toEqual({
    bounding: planCapabilities([], []),
    effective: [],
    permitted: [],
    inheritable: [],
    ambient: [],
  });
});

test("planContainerConfig takes the working directory of the image when none is asked for", () => {
  const image = { env: [], workdir: "/srv" };
  expect(planContainerConfig({ image: "busybox" }, { ...OPTIONS, image }).process.cwd).toBe("/srv");
  expect(planContainerConfig({ image: "busybox", workdir: "/tmp" }, { ...OPTIONS, image }).process.cwd).toBe("/tmp");
  expect(planContainerConfig({ image: "busybox" }, OPTIONS).process.cwd).toBe("/");
});

test("planContainerConfig keeps the home directory out of the OCI user", () => {
  expect(planContainerConfig({ image: "busybox" }, OPTIONS).process.user).toEqual({ uid: 0, gid: 0 });
});

test("planContainerConfig turns a share of a CPU into microseconds of a tenth of a second", () => {
  expect(planContainerConfig({ image: "busybox", cpus: 1.25 }, OPTIONS).linux.resources?.cpu).toEqual({
    quota: 125_000,
    period: 100_000,
  });
});

test("planContainerConfig does not hand out a list that the next container shares", () => {
  const first = planContainerConfig({ image: "busybox" }, OPTIONS);
  first.linux.resources?.devices?.push({ allow: true, access: "rwm" });
  first.mounts.length = 0;
  const second = planContainerConfig({ image: "busybox" }, OPTIONS);
  expect(second.linux.resources?.devices?.at(-1)).toEqual({ allow: true, type: "c", major: 136, access: "rwm" });
  expect(second.mounts).toHaveLength(10);
});

const WITHOUT = (...names: string[]) => planCapabilities([], []).filter((name) => !names.includes(name));

test("planCapabilities of nothing are docker's fourteen", () => {
  expect(planCapabilities([], [])).toHaveLength(14);
  expect(new Set(planCapabilities([], []))).toEqual(new Set(DEFAULT_CAPABILITIES));
});

// As TweakCapabilities of moby decides.
test.each<[add: string[], drop: string[], expected: string[]]>([
  [[], ["NET_RAW"], WITHOUT("CAP_NET_RAW")],
  [[], ["cap_net_raw", "CAP_MKNOD"], WITHOUT("CAP_NET_RAW", "CAP_MKNOD")],
  [[], ["ALL"], []],
  [["NET_RAW"], ["ALL"], ["CAP_NET_RAW"]],
  [["net_raw", "CAP_NET_ADMIN"], ["all"], ["CAP_NET_ADMIN", "CAP_NET_RAW"]],
  [["NET_RAW"], ["NET_RAW"], WITHOUT()],
  [["NET_RAW", "NET_RAW"], ["ALL"], ["CAP_NET_RAW"]],
])("planCapabilities adding %j and dropping %j are docker's", (add, drop, expected) => {
  expect(planCapabilities(add, drop)).toEqual(expected);
});

test("planCapabilities adding ALL are all 41, less what is dropped by name", () => {
  expect(planCapabilities(["ALL"], [])).toHaveLength(41);
  expect(planCapabilities(["CAP_ALL"], ["ALL"])).toHaveLength(41);
  expect(planCapabilities(["ALL"], ["SYS_ADMIN"])).toHaveLength(40);
  expect(planCapabilities(["ALL"], ["SYS_ADMIN"])).not.toContain("CAP_SYS_ADMIN");
  expect(planCapabilities(["ALL", "SYS_ADMIN"], ["SYS_ADMIN"])).not.toContain("CAP_SYS_ADMIN");
});

test("planCapabilities adding one keep the default ones", () => {
  expect(new Set(planCapabilities(["SYS_TIME"], []))).toEqual(new Set([...DEFAULT_CAPABILITIES, "CAP_SYS_TIME"]));
});

test.each([["NET_RAWW"], [""], ["CAP_"], ["CAP_CAP_NET_RAW"], ["*"], ["toString"]])(
  "planCapabilities refuse %j",
  (name) => {
    const expected = expect.objectContaining({
      code: "API_REQUEST_INVALID",
      message: expect.stringContaining(`'${name}'`),
    });
    expect(() => planCapabilities([name], [])).toThrowError(expected);
    expect(() => planCapabilities([], [name])).toThrowError(expected);
  },
);

test.each<[lists: string[][], merged: string[]]>([
  [[["A=1"], ["A=2"]], ["A=2"]],
  [
    [["A=1", "B=2"], ["C=3"], ["A=4"]],
    ["A=4", "B=2", "C=3"],
  ],
  [[["A=1=2"], ["A="]], ["A="]],
  [[["A=1", "A=2"]], ["A=2"]],
  [
    [["__proto__=x"], ["constructor=y"]],
    ["__proto__=x", "constructor=y"],
  ],
  [[[], []], []],
])("mergeEnv of %j is %j", (lists, merged) => {
  expect(mergeEnv(...lists)).toEqual(merged);
});
