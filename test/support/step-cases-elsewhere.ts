/**
 * Examples of steps that do nothing to a network namespace, for golden tests.
 *
 * @module
 */
import { GUEST, type StepCase } from "./step-cases.ts";

/** Steps elsewhere on the host. Their shell text is only compared with golden files. */
export const OTHER_CASES: readonly StepCase[] = [
  { name: "netns.add", steps: [{ op: "netns.add", name: GUEST }] },
  { name: "netns.delete", steps: [{ op: "netns.delete", name: GUEST }] },
  { name: "netns.rename", steps: [{ op: "netns.rename", name: GUEST, to: "renamed" }] },
  {
    name: "link.addVeth-in-own-namespace",
    steps: [{ op: "link.addVeth", host: "ve1", bridge: "br0", peer: "eth0", peerNetns: "/proc/42/ns/net", up: true }],
  },
  { name: "link.set-by-namespace-path", steps: [{ op: "link.set", netns: "/proc/42/ns/net", name: "eth0", up: true }] },
  {
    name: "cgroup.create",
    steps: [
      {
        op: "cgroup.create",
        path: "/netd",
        resources: {
          devices: [
            { allow: false },
            { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
            { allow: true, type: "c", major: 136 },
          ],
        },
      },
      {
        op: "cgroup.create",
        path: "/netd/c1",
        resources: {
          memory: { limit: 67_108_864, swap: 134_217_728 },
          cpu: { quota: 50_000, period: 100_000 },
          pids: { limit: 100 },
        },
      },
    ],
  },
  {
    name: "cgroup.create-with-everything",
    steps: [
      {
        op: "cgroup.create",
        path: "/netd/c1",
        hierarchies: "all",
        resources: {
          memory: { limit: 67_108_864, swap: -1, reservation: 33_554_432, swappiness: 10, disableOOMKiller: false },
          cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 10_000, cpus: "0-1", mems: "0", idle: 0 },
          pids: { limit: -1 },
          blockIO: {
            weight: 500,
            weightDevice: [{ major: 8, minor: 0, weight: 100 }],
            throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1_048_576 }],
            throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 100 }],
          },
          hugepageLimits: [{ pageSize: "2MB", limit: 4_194_304 }],
          rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10 } },
        },
      },
    ],
  },
  { name: "cgroup.delete", steps: [{ op: "cgroup.delete", path: "/netd/c1" }] },
  {
    name: "file.write",
    steps: [
      { op: "file.write", path: "/run/netd/c1/hosts", content: "127.0.0.1\tlocalhost\nEOF\n172.16.0.2\tit's\n" },
      { op: "file.write", path: "/run/netd/c 1/hostname", content: "web", mode: 0o600 },
    ],
  },
  {
    name: "dir.make",
    steps: [
      { op: "dir.make", path: "/run/netd/c1" },
      { op: "dir.make", path: "/run/netd/secret", mode: 0o700 },
    ],
  },
];
