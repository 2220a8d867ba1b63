import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ApiClient, type ContainerInfo } from "../../src/api/index.ts";
import { RUN_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

const FAULT_FILE = "/run/fault";
/** A container that runs until it is told otherwise. */
const IDLE = ["sleep", "1000"];

let sandbox: TestSandbox;
/** Asks what needs no netctl: there are many steps, and a netctl each would take most of the time. */
let client: ApiClient;
/** What the host has of containers when there is none. */
let nothing: string;

beforeAll(async () => {
  sandbox = await TestSandbox.create({ env: { NETD_TEST_FAULT_FILE: FAULT_FILE } });
  client = new ApiClient(`/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock`);
  await sandbox.ok("run", "--rm", "busybox", "true");
  nothing = await traces();
});

afterEach(async () => {
  // One that failed must not fail the others.
  await sandbox.sh(`rm -f ${FAULT_FILE}`);
  await client.removeContainer("web", { force: true }).catch(() => {});
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** All that containers leave on the host: links, namespaces, mounts, cgroups, processes, FIFOs, records, directories. */
async function traces(): Promise<string> {
  const { stdout } = await sandbox.sh(`
    ip -br link | cut -d' ' -f1
    ip netns list
    grep -c . /proc/self/mountinfo
    find /sys/fs/cgroup -type d -path '*netd*' | grep -E '[0-9a-f]{64}'
    ls ${RUN_DIR}/streams ${RUN_DIR}/runtime ${STATE_DIR}/containers 2>/dev/null
    for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -a '^sleep'; done
    true`);
  return stdout;
}

async function create(command = IDLE): Promise<void> {
  await client.createContainer({ name: "web", image: "busybox", command });
}

async function run(command = IDLE): Promise<void> {
  await create(command);
  await client.startContainer("web");
}

/** The kernel takes namespaces and links down behind the end of their last process. */
async function expectNothing(): Promise<void> {
  await vi.waitFor(async () => expect(await traces()).toBe(nothing), 20_000);
}

async function isAlive(pid: number): Promise<boolean> {
  return (await sandbox.sh(`kill -0 ${pid} 2>/dev/null`)).exitCode === 0;
}

/** Have a process die at a place while a command is carried out, and bring netd back when it was the one. The fault must have happened. */
async function dieAt(fault: string, ...argv: string[]): Promise<{ exitCode: number; stderr: string }> {
  const { pid } = await client.info();
  await sandbox.sh(`echo ${fault} > ${FAULT_FILE}`);
  const result = await sandbox.netctl(...argv);
  // What is done behind the answer may still be on its way.
  const { exitCode } = await sandbox.sh(`timeout 10 sh -c 'while [ -e ${FAULT_FILE} ]; do sleep 0.01; done'`);
  await sandbox.sh(`rm -f ${FAULT_FILE}`);
  if (exitCode !== 0) throw new Error(`nobody came to ${fault} in ${argv.join(" ")}: ${result.stderr}`);
  if (/^(create|start|save|remove|stop|apply|applied)/.test(fault)) {
    await sandbox.sh(`while kill -0 ${pid} 2>/dev/null; do sleep 0.01; done`);
    await sandbox.startNetd();
  }
  expect(await isAlive((await client.info()).pid)).toBe(true);
  return result;
}

async function containers(): Promise<ContainerInfo[]> {
  return await client.listContainers(true);
}

/** Whatever happened: a lease for each definition, a process and a namespace for each running container; then it can be started and removed. */
async function checkAndRemove(name: string): Promise<ContainerInfo | undefined> {
  const [found] = await containers();
  const holders: string[] = [];
  for await (const { container } of client.leases()) holders.push(container);
  expect(holders).toEqual(found === undefined ? [] : [name]);
  const { stdout: names } = await sandbox.sh("ip netns list | cut -d' ' -f1 | grep -v '^internet'");
  expect(names).toBe(found?.state === "running" ? `${name}\n` : "");
  if (found !== undefined) {
    if (found.state === "running") expect(await isAlive(found.pid ?? 0)).toBe(true);
    else await client.startContainer(name);
    expect((await sandbox.netctl("exec", name, "true")).exitCode).toBe(0);
    await client.removeContainer(name, { force: true });
  }
  await expectNothing();
  return found;
}

/** The steps of a start and an end that netd carries out on the host, as its journal has them. */
const NETWORK_STEPS = ["netns.add", "link.set", "link.addVeth", "address.add", "route.add", "netns.delete"];

describe("netd killed", () => {
  test.each(["create:directory", "create:committed"])(
    "at %s leaves a container that is whole, or none",
    async (fault) => {
      const { exitCode } = await dieAt(fault, "create", "--name", "web", "busybox", ...IDLE);
      expect(exitCode).toBe(1);
      const found = await checkAndRemove("web");
      expect(found?.state).toBe(fault === "create:committed" ? "created" : undefined);
    },
  );

  test.each([
    "start:files",
    ...NETWORK_STEPS.slice(0, -1).flatMap((op) => [`apply:${op}`, `applied:${op}`]),
    "start:launched",
  ])("at %s of a start leaves the container as it was, or running", async (fault) => {
    await create();
    const { exitCode } = await dieAt(fault, "start", "web");
    expect(exitCode).toBe(1);
    const found = await checkAndRemove("web");
    expect(found?.state).toBe(fault === "start:launched" ? "running" : "created");
  });

  test.each(["stop:signal", "stop:signalled", "apply:netns.delete", "applied:netns.delete", "save:exited"])(
    "at %s of a kill leaves the container running, or ended with its code",
    async (fault) => {
      await run();
      await dieAt(fault, "kill", "web");
      // Killed before its signal, netd never sends it.
      if (fault !== "stop:signal") await client.waitContainer("web");
      const [found] = await containers();
      if (found?.state === "exited") expect(found.exitCode).toBe(137);
      else expect({ fault, state: found?.state }).toEqual({ fault: "stop:signal", state: "running" });
      await checkAndRemove("web");
    },
  );

  test.each(["remove:record", "remove:definition"])(
    "at %s of a removal leaves the container stopped, or none",
    async (fault) => {
      await run();
      await dieAt(fault, "rm", "-f", "web");
      const found = await checkAndRemove("web");
      expect(found?.state).toBe(fault === "remove:record" ? "exited" : undefined);
    },
  );
});

describe("netd-runtime killed", () => {
  test.each(["launch:recorded", "launch:cgroup", "launch:streams", "launch:forked", "launch:running"])(
    "at %s of a start leaves the container as it was, or running",
    async (fault) => {
      await create();
      const { exitCode, stderr } = await dieAt(fault, "start", "web");
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("netd-runtime") });
      await checkAndRemove("web");
    },
  );

  test.each(["end:finished", "end:recorded"])("at %s of an end knows the exit code all the same", async (fault) => {
    await run([
      "sh",
      "-c",
      "[ -e /ended ] && exec sleep 1000; touch /ended; until [ -e /go ]; do sleep 0.02; done; exit 9",
    ]);
    await dieAt(fault, "exec", "web", "touch", "/go");
    expect(await sandbox.ok("wait", "web")).toBe("9\n");
    const found = await checkAndRemove("web");
    expect({ state: found?.state, exitCode: found?.exitCode }).toEqual({ state: "exited", exitCode: 9 });
  });

  test.each(["forget:begin", "forget:record"])("at %s of a removal leaves the container stopped", async (fault) => {
    await run();
    await client.stopContainer("web", { timeoutSeconds: 0 });
    await dieAt(fault, "rm", "web");
    expect((await checkAndRemove("web"))?.state).toBe("exited");
  });

  test("at exec:launched ends what was started, and whoever waited hears of it", async () => {
    await run();
    const { exitCode, stderr } = await dieAt("exec:launched", "exec", "web", "sleep", "2000");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("netd-runtime") });
    await sandbox.sh("until netctl exec web true; do sleep 0.02; done");
    expect(await sandbox.ok("exec", "web", "ps")).not.toContain("sleep 2000");
    await checkAndRemove("web");
  });
});

describe("a starting child", () => {
  test("that dies at any of its steps is replaced, and nothing is left of it", async () => {
    for (let step = 0; ; step++) {
      await sandbox.sh(`echo step:${step} > ${FAULT_FILE}`);
      await run();
      const [found] = await containers();
      await client.removeContainer("web", { force: true });
      // No child came to a step of that number.
      if (found?.launch?.forks === 1) {
        expect(step).toBeGreaterThan(20);
        break;
      }
      expect({ step, state: found?.state, forks: found?.launch?.forks }).toEqual({ step, state: "running", forks: 2 });
    }
    await expectNothing();
  });
});
