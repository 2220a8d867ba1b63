import { expect, test } from "vitest";
import { planFilledVolumes, planMounts, planRootPropagation } from "../../../../src/netd/storage/plan-mounts.ts";

const files = { hosts: "/c/hosts", hostname: "/c/hostname", resolvConf: "/c/resolv.conf" };
const volumes = { pathOf: (name: string) => `/v/${name}/_data`, markerOf: (name: string) => `/v/${name}/filling` };

function plan(spec: Parameters<typeof planMounts>[0]) {
  return planMounts(spec, { files, volumes });
}

test("planMounts puts outer mounts before those within, and volumes where they are", () => {
  const mounts = plan({
    mounts: [
      { source: "/srv", target: "/a/b", readOnly: true },
      { type: "volume", source: "data", target: "/a", readOnly: false },
      { source: "/etc", target: "/a/c", readOnly: true, propagation: "rslave", nonRecursive: true },
    ],
  });
  expect(mounts.slice(-3)).toEqual([
    { destination: "/a", type: "bind", source: "/v/data/_data", options: ["rbind", "rprivate"] },
    { destination: "/a/b", type: "bind", source: "/srv", options: ["rbind", "rprivate", "rro"] },
    { destination: "/a/c", type: "bind", source: "/etc", options: ["bind", "rslave", "ro"] },
  ]);
});

test("planMounts lets the user's mounts take the place of the standard ones, and of all below /dev", () => {
  const own = (target: string) => plan({ mounts: [{ source: "/x", target, readOnly: false }] });
  const targets = (target: string) => own(target).map(({ destination }) => destination);
  expect(targets("/etc/hosts").filter((path) => path === "/etc/hosts")).toHaveLength(1);
  expect(targets("/dev/shm").filter((path) => path === "/dev/shm")).toHaveLength(1);
  expect(targets("/dev").filter((path) => path.startsWith("/dev"))).toEqual(["/dev"]);
});

test.each([
  [[], ["noexec", "nosuid", "nodev"]],
  [
    ["exec", "size=1m"],
    ["nosuid", "nodev", "exec", "size=1m"],
  ],
  [
    ["size=1m", "size=2m", "suid", "nosuid"],
    ["noexec", "nodev", "size=2m", "nosuid"],
  ],
])("planMounts mounts a tmpfs with options %j", (options, expected) => {
  const mounts = plan({ mounts: [{ type: "tmpfs", target: "/t", readOnly: false, options }] });
  expect(mounts.at(-1)).toEqual({ destination: "/t", type: "tmpfs", source: "tmpfs", options: expected });
});

test("planMounts sizes /dev/shm, and makes the generated files read-only with the root", () => {
  const mounts = plan({ shmSizeBytes: 1234, readOnly: true });
  expect(mounts.find(({ destination }) => destination === "/dev/shm")?.options).toContain("size=1234");
  expect(mounts.find(({ destination }) => destination === "/etc/hosts")?.options).toEqual(["rbind", "rprivate", "ro"]);
});

test("planFilledVolumes fills volumes, but for those with nocopy", () => {
  const mounts = [
    { type: "volume" as const, source: "data", target: "/a", readOnly: false },
    { type: "volume" as const, source: "empty", target: "/b", readOnly: false, noCopy: true },
    { source: "/etc", target: "/c", readOnly: false },
  ];
  expect(planFilledVolumes(mounts, volumes)).toEqual([{ destination: "/a", marker: "/v/data/filling" }]);
});

test.each([
  [undefined, "private"],
  ["private", "private"],
  ["rslave", "rslave"],
  ["shared", "rshared"],
] as const)("planRootPropagation shares the root for a bind that is %s: %s", (propagation, expected) => {
  const mount = { source: "/etc", target: "/a", readOnly: false };
  expect(planRootPropagation([{ ...mount, ...(propagation === undefined ? {} : { propagation }) }])).toBe(expected);
});
