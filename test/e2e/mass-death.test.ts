import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient, type ContainerInfo, type ContainerSpec, type DaemonInfo } from "../../src/api/index.ts";
import { RUN_DIR } from "../../src/sandbox/mounts.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** A FIFO that every container waits at: whoever opens it for writing frees them all. */
const GATE = "/run/gate";
const AT_ONCE = 8;
/** Generous: what a leak of all output, records or events would exceed. */
const MEMORY_MAX_KIB = 400 * 1024;

let sandbox: TestSandbox;
let client: ApiClient;
let nothing: HostTraces;

beforeAll(async () => {
  // A bridge has 1,023 ports, and a /24 254 addresses.
  sandbox = await TestSandbox.create({ netdArgs: ["--subnet=10.77.0.0/22"] });
  client = new ApiClient(`/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock`);
  await sandbox.sh(`mkdir ${GATE} && mkfifo ${GATE}/fifo`);
  await sandbox.ok("run", "--rm", "busybox", "true");
  nothing = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Do something for each number below `count`, a few at a time. */
async function forEachOf(count: number, action: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await action(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const nameOf = (index: number) => `c${index}`;
const codeOf = (index: number) => index % 200;

async function startAll(count: number): Promise<number[]> {
  const pids: number[] = [];
  await forEachOf(count, async (index) => {
    const command = [
      "sh",
      "-c",
      `echo up; read -r line < /gate/fifo; echo last words of ${index}; exit ${codeOf(index)}`,
    ];
    const spec: ContainerSpec = {
      ...{ name: nameOf(index), image: "busybox", command },
      mounts: [{ type: "bind", source: GATE, target: "/gate", readOnly: true }],
    };
    await client.createContainer(spec);
    pids.push((await client.startContainer(nameOf(index))).pid ?? 0);
  });
  return pids;
}

/** Free them all and wait until the kernel has ended the last of them. */
async function endAll(pids: readonly number[]): Promise<void> {
  const list = pids.join(" ");
  const { exitCode } = await sandbox.sh(`
    : > ${GATE}/fifo
    for pid in ${list}; do while kill -0 $pid 2>/dev/null && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.01; done; done`);
  expect(exitCode).toBe(0);
}

async function recordedEnds(count: number): Promise<ContainerInfo[]> {
  await forEachOf(count, (index) => client.waitContainer(nameOf(index)));
  const all = await client.listContainers(true);
  expect(all).toHaveLength(count);
  expect([...new Set(all.map(({ state }) => state))]).toEqual(["exited"]);
  return all.toSorted((a, b) => Number(a.name.slice(1)) - Number(b.name.slice(1)));
}

/** Nothing but records is left of them, and after their removal nothing at all; everything works as before. */
async function checkAndRemove(count: number): Promise<void> {
  // The kernel takes a namespace and its links down behind the last process's end.
  await sandbox.sh("timeout 20 sh -c 'while ip -br link | grep -q ^ve; do sleep 0.02; done'");
  const { files: _files, mounts: _mounts, ...left } = await hostTraces(sandbox);
  expect(nothing).toMatchObject(left);
  for (const index of [0, count - 1]) {
    expect(await sandbox.ok("logs", nameOf(index))).toBe(`up\nlast words of ${index}\n`);
  }
  const info = await sandbox.json<DaemonInfo>("info");
  for (const pid of [info.pid, info.runtime.pid, info.dns.pid]) {
    const { stdout } = await sandbox.sh(`sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/${pid}/status`);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(MEMORY_MAX_KIB);
  }
  await forEachOf(count, (index) => client.removeContainer(nameOf(index), { force: false }));
  expect(await sandbox.ok("run", "--rm", "busybox", "echo", "well")).toBe("well\n");
  expect(await hostTraces(sandbox)).toEqual(nothing);
  const { stdout: zombies } = await sandbox.sh(
    `grep -l '^PPid:.${info.runtime.pid}$' /proc/[0-9]*/status | xargs grep -l '^State:.Z'`,
  );
  expect(zombies).toBe("");
}

test("netd records the exit codes of 500 containers that end at the same moment", async () => {
  const count = 500;
  const { pid, runtime } = await sandbox.json<DaemonInfo>("info");
  const pids = await startAll(count);
  await endAll(pids);
  const ends = await recordedEnds(count);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual(ends.map((_, index) => codeOf(index)));
  const after = await sandbox.json<DaemonInfo>("info");
  expect([after.pid, after.runtime.pid]).toEqual([pid, runtime.pid]);
  const shown = await sandbox.json<ContainerInfo[]>("ps", "-a");
  expect(shown.map(({ name, exitCode }) => `${name}=${exitCode}`).toSorted()).toEqual(
    ends.map(({ name, exitCode }) => `${name}=${exitCode}`).toSorted(),
  );
  await checkAndRemove(count);
});

test("netd records the ends of 100 containers that end at the same moment while there is no netd-runtime", async () => {
  const count = 100;
  const pids = await startAll(count);
  await sandbox.kill("runtime");
  await endAll(pids);
  // Of those that were reaped before a new runtime looked at them, nobody can know the code: 255, and a word of it.
  for (const [index, { exitCode, error }] of (await recordedEnds(count)).entries()) {
    if (error === undefined) expect(exitCode).toBe(codeOf(index));
    else expect({ exitCode, error }).toEqual({ exitCode: 255, error: expect.stringContaining("exit code was lost") });
  }
  await checkAndRemove(count);
});

test("netd records the exit codes of 100 containers that end at the same moment while there is no netd", async () => {
  const count = 100;
  const pids = await startAll(count);
  await sandbox.kill("netd");
  await endAll(pids);
  await sandbox.startNetd("--subnet=10.77.0.0/22");
  const ends = await recordedEnds(count);
  expect(ends.map(({ exitCode, error }) => [exitCode, error])).toEqual(
    ends.map((_, index) => [codeOf(index), undefined]),
  );
  await checkAndRemove(count);
});
