import { readlinkSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OciProcess, StartParams } from "../../../src/runtime/index.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream, StreamReader } from "../../support/stream-result.ts";

let host: RuntimeHost;
let params: StartParams;
beforeAll(async () => {
  host = await RuntimeHost.create();
  params = host.params(["sleep", "1000"]);
  await host.client.call("start", params);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function open(args: string[], changes: Partial<OciProcess> = {}, options: { stdin?: boolean; detach?: boolean } = {}) {
  const { containerId, config } = params;
  const process = { ...config.process, args, ...changes };
  return host.client.openStream("exec", { containerId, process, stdin: false, detach: false, ...options });
}

test("exec runs in all namespaces of the container", async () => {
  const script =
    "for n in pid mnt uts ipc net cgroup; do readlink /proc/1/ns/$n; readlink /proc/self/ns/$n; done; hostname; cat /proc/self/cgroup";
  const { stdout } = await collectStream(
    await open(["busybox", "sh", "-c", script.replaceAll("readlink", "busybox readlink")]),
  );
  const lines = stdout.toString().trim().split("\n");
  for (let at = 0; at < 12; at += 2) expect(lines[at]).toBe(lines[at + 1]);
  expect(lines[0]).not.toBe(readlinkSync("/proc/self/ns/pid"));
  expect(lines[12]).toBe("web");
  expect(stdout.toString()).toMatch(/:memory:\/$/m);
});

test("exec reports exit codes, and keeps standard output and error apart", async () => {
  const result = await collectStream(await open(["sh", "-c", "echo out; echo err >&2; exit 9"]));
  expect(result).toEqual({ stdout: Buffer.from("out\n"), stderr: Buffer.from("err\n"), exitCode: 9 });
});

test("exec passes standard input on", async () => {
  const result = await collectStream(await open(["cat"], {}, { stdin: true }), "hello");
  expect(result.stdout.toString()).toBe("hello");
});

test("exec takes user, directory and environment", async () => {
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  const changes = { user: { uid: 5, gid: 6 }, cwd: "/tmp", env: ["PATH=/bin", "A=b"], capabilities: none };
  const { stdout } = await collectStream(await open(["sh", "-c", "id -u; id -g; pwd; echo $A"], changes));
  expect(stdout.toString()).toBe("5\n6\n/tmp\nb\n");
});

test("exec gives no descriptor but the three standard streams", async () => {
  const { stdout } = await collectStream(await open(["ls", "/proc/self/fd"]));
  expect(stdout.toString()).toBe("0\n1\n2\n3\n");
});

test.each([
  ["nosuch", "COMMAND_NOT_FOUND"],
  ["/tmp", "COMMAND_NOT_EXECUTABLE"],
])("exec refuses %s with %s", async (command, code) => {
  await expect(open([command])).rejects.toMatchObject({ code });
});

test("exec detached answers and leaves the process running", async () => {
  const { containerId, config } = params;
  const process = { ...config.process, args: ["sleep", "999"] };
  const { pid } = await host.client.call("exec", { containerId, process, stdin: false, detach: true });
  expect(host.run("cat", `/proc/${pid}/cmdline`)).toBe("sleep\u0000999\u0000");
});

test("exec with a terminal gives job control, a size and its end", async () => {
  const changes = { terminal: true, consoleSize: { height: 30, width: 100 } };
  const reader = new StreamReader(await open(["sh"], changes, { stdin: true }));
  reader.send("tty; stty size\n");
  await reader.waitFor(/\/dev\/pts\/\d+[\s\S]*30 100/);
  reader.resize(40, 120);
  reader.send("stty size\n");
  await reader.waitFor(/40 120/);
  reader.send("sh -c 'echo started; exec sleep 1000'\n");
  await reader.waitFor(/started\r\n/);
  reader.send("\x03");
  reader.send("echo code $?\n");
  await reader.waitFor(/code 130/);
  reader.send("exit 4\n");
  expect((await reader.end).exitCode).toBe(4);
});

test("exec with a terminal ends when its client hangs up", async () => {
  const reader = new StreamReader(
    await open(["sh", "-c", "echo pid $$; exec cat"], { terminal: true }, { stdin: true }),
  );
  const [, pid] = await reader.waitFor(/pid (\d+)/);
  reader.destroy();
  const { stdout } = await collectStream(await open(["sh", "-c", `while [ -d /proc/${pid} ]; do :; done; echo gone`]));
  expect(stdout.toString()).toBe("gone\n");
});

test("exec reports 137 when the container ends under it", async () => {
  const other = host.params(["sleep", "1000"]);
  await host.client.call("start", other);
  const { containerId, config } = other;
  const process = { ...config.process, args: ["sleep", "999"] };
  const stream = collectStream(
    await host.client.openStream("exec", { containerId, process, stdin: false, detach: false }),
  );
  await host.client.call("remove", { containerId });
  expect((await stream).exitCode).toBe(137);
});
