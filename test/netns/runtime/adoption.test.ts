import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { ContainerRecord } from "../../../src/runtime/index.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { StreamReader } from "../../support/stream-result.ts";

async function recordOf(host: RuntimeHost, containerId: string): Promise<ContainerRecord | undefined> {
  return (await host.client.call("hello", {})).containers.find((record) => record.containerId === containerId);
}

test.each(["host", "v2"] as const)(
  "a new runtime finds running containers again and learns their exit codes (cgroups: %s)",
  async (cgroups) => {
    await using host = await RuntimeHost.create({ cgroups });
    const params = host.params(["sh", "-c", "trap 'echo bye; exit 42' TERM; echo up; while :; do sleep 0.01; done"]);
    const { containerId } = params;
    const started = await host.client.call("start", params);
    await host.killRuntime();
    await host.startRuntime();
    expect(await recordOf(host, containerId)).toEqual({
      containerId,
      pid: started.pid,
      startTime: started.startTime,
      state: "running",
    });
    const exited = host.exited(containerId);
    await host.client.call("signal", { containerId, signal: 15 });
    expect(await exited).toBe(42);
    expect(await recordOf(host, containerId)).toMatchObject({ state: "exited", exitCode: 42 });
    expect(readFileSync(params.logFile, "utf8")).toMatch(/up\n[\s\S]* bye\n$/);
  },
);

test("a new runtime learns the exit code of a container that ended while there was none", async () => {
  await using host = await RuntimeHost.create();
  const params = host.params(["sh", "-c", "while [ ! -e /go ]; do sleep 0.01; done; echo last words; exit 17"]);
  const { pid } = await host.client.call("start", params);
  await host.killRuntime();
  host.run("sh", "-c", `touch /proc/${pid}/root/go; while ! grep -q 'State:.Z' /proc/${pid}/status; do :; done`);
  await host.startRuntime();
  expect(await recordOf(host, params.containerId)).toMatchObject({ state: "exited", exitCode: 17 });
});

test("a new runtime learns the exit code of a container that another process reaped", async () => {
  await using host = await RuntimeHost.create({ reaps: true });
  const params = host.params(["sh", "-c", "while [ ! -e /go ]; do sleep 0.01; done; exit 23"]);
  const { pid } = await host.client.call("start", params);
  await host.killRuntime();
  await host.startRuntime();
  const exited = host.exited(params.containerId);
  host.run("touch", `/proc/${pid}/root/go`);
  expect(await exited).toBe(23);
});

test("a new runtime says that it does not know a code that is lost", async () => {
  await using host = await RuntimeHost.create({ reaps: true });
  const params = host.params(["sh", "-c", "while [ ! -e /go ]; do sleep 0.01; done"]);
  const { pid } = await host.client.call("start", params);
  await host.killRuntime();
  host.run("sh", "-c", `touch /proc/${pid}/root/go; while [ -d /proc/${pid} ]; do :; done`);
  await host.startRuntime();
  const record = await recordOf(host, params.containerId);
  expect(record).toMatchObject({ state: "exited" });
  expect(record).not.toHaveProperty("exitCode");
});

test("a container writes on while there is no runtime, and nothing is lost or broken", async () => {
  await using host = await RuntimeHost.create();
  const script =
    "seq 1 1000; while [ ! -e /go ]; do sleep 0.01; done; seq 1001 20000; touch /done; while [ ! -e /end ]; do sleep 0.01; done";
  const params = host.params(["sh", "-c", script]);
  const { pid } = await host.client.call("start", params);
  await host.killRuntime();
  host.run("touch", `/proc/${pid}/root/go`);
  await host.startRuntime();
  const exited = host.exited(params.containerId);
  host.run("touch", `/proc/${pid}/root/end`);
  expect(await exited).toBe(0);
  expect(loggedLines(params.logFile)).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)));
});

test("a container that ended while there was no runtime has its last words logged when another process kept its streams", async () => {
  await using host = await RuntimeHost.create();
  const params = host.params(["sh", "-c", "while [ ! -e /go ]; do sleep 0.01; done; echo last words"]);
  const { pid } = await host.client.call("start", params);
  const { descriptors } = await host.client.call("descriptors", {});
  expect(descriptors.map(({ purpose }) => purpose)).toEqual(["stdout", "stderr"]);
  const hello = await host.client.call("hello", {});
  await using _keeper = await host.keepDescriptor(hello.pid, descriptors[0]!.fd);
  await host.killRuntime();
  host.run("sh", "-c", `touch /proc/${pid}/root/go; while ! grep -q 'State:.Z' /proc/${pid}/status; do :; done`);
  await host.startRuntime();
  expect((await recordOf(host, params.containerId))?.state).toBe("exited");
  expect(loggedLines(params.logFile)).toEqual(["last words"]);
});

test("restoreDescriptors gives a terminal back that another process kept", async () => {
  await using host = await RuntimeHost.create();
  const params = host.params(["sh"], { process: { terminal: true }, stdin: true });
  const { containerId } = params;
  await host.client.call("start", params);
  const { descriptors } = await host.client.call("descriptors", {});
  expect(descriptors).toEqual([{ containerId, purpose: "terminal", fd: expect.any(Number) }]);
  const hello = await host.client.call("hello", {});
  await using keeper = await host.keepDescriptor(hello.pid, descriptors[0]!.fd);
  await host.killRuntime();
  await host.startRuntime();
  await host.client.call("restoreDescriptors", {
    pid: keeper.pid,
    descriptors: [{ containerId, purpose: "terminal", fd: keeper.fd }],
  });
  const reader = new StreamReader(await host.client.openStream("attach", { containerId }));
  reader.send("echo still $((40+2))\n");
  await reader.waitFor(/still 42/);
  reader.send("exit 8\n");
  expect((await reader.end).exitCode).toBe(8);
});

test("a new runtime knows the detached execs that run, and ends those that had a client", async () => {
  await using host = await RuntimeHost.create({ reaps: true });
  const params = host.params(["sleep", "1000"]);
  const { containerId } = params;
  await host.client.call("start", params);
  const execParams = (...args: string[]) => ({
    containerId,
    process: { ...params.config.process, args },
    stdin: false,
  });
  const detached = await host.client.call("exec", { ...execParams("sleep", "999"), detach: true });
  const attached = await host.client.openStream("exec", { ...execParams("sleep", "998"), detach: false });
  const reader = new StreamReader(attached);
  const { execs: before } = await host.client.call("status", { containerId });
  expect(before.map(({ pid }) => pid)).toEqual([detached.pid, attached.result.pid]);

  await host.killRuntime();
  expect(await reader.end).not.toHaveProperty("exitCode");
  await host.startRuntime();
  const { execs } = await host.client.call("status", { containerId });
  expect(execs).toEqual(before.filter(({ isDetached }) => isDetached));
  host.run("sh", "-c", `while [ -d /proc/${attached.result.pid} ]; do sleep 0.01; done`);
  expect(host.run("cat", `/proc/${detached.pid}/cmdline`)).toBe("sleep\u0000999\u0000");

  // A second death loses nothing that the first one did not.
  await host.killRuntime();
  await host.startRuntime();
  expect((await host.client.call("status", { containerId })).execs).toEqual(execs);
  host.run("kill", "-9", String(detached.pid));
  await vi.waitFor(async () => expect((await host.client.call("status", { containerId })).execs).toEqual([]), 20_000);
  expect(await recordOf(host, containerId)).toMatchObject({ state: "running" });
});

test("a new runtime forgets a detached exec that ended while there was none", async () => {
  await using host = await RuntimeHost.create({ reaps: true });
  const params = host.params(["sleep", "1000"]);
  const { containerId } = params;
  await host.client.call("start", params);
  const process = { ...params.config.process, args: ["sleep", "999"] };
  const { pid } = await host.client.call("exec", { containerId, process, stdin: false, detach: true });
  await host.killRuntime();
  host.run("sh", "-c", `kill -9 ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
  await host.startRuntime();
  await vi.waitFor(async () => expect((await host.client.call("status", { containerId })).execs).toEqual([]), 20_000);
});

test("a new runtime removes what a start left that its predecessor did not finish", async () => {
  await using host = await RuntimeHost.create({ env: { NETD_RUNTIME_TEST_SILENT_FORKS: "1" } });
  const params = host.params(["true"]);
  const starting = host.client.call("start", params).catch((error: unknown) => error);
  await host.killRuntime();
  await starting;
  await host.startRuntime();
  expect((await host.client.call("hello", {})).containers).toEqual([]);
});

/** The texts of a log, a line each. */
function loggedLines(path: string): string[] {
  const lines = readFileSync(path, "latin1").split("\n").slice(0, -1);
  const texts = lines.map((line) => {
    const [, , flag, ...words] = line.split(" ");
    return words.join(" ") + (flag === "F" ? "\n" : "");
  });
  return texts.join("").trimEnd().split("\n");
}
