import { expect, test } from "vitest";
import type { DoctorFinding, LeaseInfo } from "../../src/api/index.ts";
import { RUN_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { useApi } from "../support/sandbox-api.ts";

interface Inspected {
  pid: number;
  state: string;
  endpoint: { address: string };
}

async function killNetd(sandbox: TestSandbox): Promise<void> {
  const { pid } = await sandbox.json<{ pid: number }>("info");
  await sandbox.run("sh", "-c", `kill -KILL ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
}

test("netd without its state file takes over what is certain, and neither ends nor robs what it can't know", async () => {
  await using sandbox = await TestSandbox.create({ netdArgs: ["--subnet", "10.66.0.0/24"] });
  await sandbox.ok("run", "-d", "--name", "web", "busybox", "sh", "-c", "echo data > /kept; exec sleep 1000");
  const [before] = await sandbox.json<Inspected[]>("inspect", "web");
  const { instance } = await sandbox.json<{ instance: string }>("info");
  await killNetd(sandbox);
  await sandbox.run("sh", "-c", `rm ${STATE_DIR}/netd.db*`);
  await sandbox.startNetd();

  expect(await sandbox.json<{ instance: string }>("info")).toMatchObject({ instance });
  expect(await sandbox.json("net", "ls")).toMatchObject([
    { subnet: "10.66.0.0/24", gateway: "10.66.0.1", bridge: "br0" },
  ]);
  expect(await sandbox.json("ps", "-a")).toEqual([]);
  // It goes on, with its address to itself, and its files are not lost.
  expect((await sandbox.run("kill", "-0", String(before?.pid))).exitCode).toBe(0);
  await sandbox.ok("run", "-d", "--name", "next", "busybox", "sleep", "1000");
  const leases = await sandbox.json<LeaseInfo[]>("ls");
  expect(leases.map(({ address }) => address)).not.toContain(before?.endpoint.address);
  expect((await sandbox.netctl("exec", "next", "ping", "-c", "1", before?.endpoint.address ?? "")).exitCode).toBe(0);
  expect((await sandbox.run("sh", "-c", `cat ${STATE_DIR}/lost/containers/*/upper/kept`)).stdout).toBe("data\n");

  const texts = (await useApi<DoctorFinding[]>(sandbox, "GET", "/v1/doctor")).map(({ text }) => text);
  expect(texts).toContainEqual(expect.stringMatching(/^cgroup .* is left of a container that is gone$/));
  const left = (await useApi<DoctorFinding[]>(sandbox, "POST", "/v1/doctor/repair")).filter(
    ({ level }) => level !== "ok",
  );
  expect(left).toEqual([]);
  expect((await sandbox.run("kill", "-0", String(before?.pid))).exitCode).not.toBe(0);
  await sandbox.ok("run", "-d", "--name", "web", "busybox", "sleep", "1000");
  expect((await sandbox.netctl("exec", "next", "ping", "-c", "1", "203.0.113.80")).exitCode).toBe(0);
});

test("netd after a reboot, with nothing left in the kernel, makes all networks again and starts what is to start", async () => {
  await using sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "lab", "--subnet", "10.77.0.0/24");
  await sandbox.ok(
    "run",
    "-d",
    "--name",
    "always",
    "--restart",
    "always",
    "--network",
    "lab",
    "busybox",
    "sleep",
    "1000",
  );
  await sandbox.ok("run", "-d", "--name", "once", "busybox", "sleep", "1000");
  const before = await sandbox.json<LeaseInfo[]>("ls");
  await killNetd(sandbox);
  await sandbox.run(
    "sh",
    "-c",
    `kill -KILL $(cat /proc/[0-9]*/stat | grep -E '\\((netd-runtime|netd-dns|node)' | cut -d' ' -f1) 2>/dev/null
     for f in $(find /sys/fs/cgroup -path '*/netd/*' -name cgroup.procs); do kill -KILL $(cat $f) 2>/dev/null; done
     for n in /run/netns/always /run/netns/once; do umount $n; rm $n; done
     for l in $(ls /sys/class/net | grep -E '^(br|ve)'); do ip link delete $l; done
     nft flush ruleset; sysctl -qw net.ipv4.ip_forward=0; rm -rf ${RUN_DIR}/*`,
  );
  await sandbox.startNetd();
  await sandbox.run("sh", "-c", "until netctl ps | grep -q always; do sleep 0.05; done");
  expect(await sandbox.json<Inspected[]>("inspect", "once")).toMatchObject([{ state: "exited" }]);
  const after = await sandbox.json<LeaseInfo[]>("ls");
  expect(after.map(({ address, container }) => `${container} ${address}`).sort()).toEqual(
    before.map(({ address, container }) => `${container} ${address}`).sort(),
  );
  expect((await sandbox.netctl("exec", "always", "ping", "-c", "1", "203.0.113.80")).exitCode).toBe(0);
  expect(await useApi(sandbox, "GET", "/v1/drift")).toEqual([]);
});
