import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { StreamReader } from "../../support/stream-result.ts";

const CRASHES = "NETD_RUNTIME_TEST_CRASH_FORKS";
const SILENCES = "NETD_RUNTIME_TEST_SILENT_FORKS";

test("start forks again when the child dies before its exec, and counts it", async () => {
  await using host = await RuntimeHost.create({ env: { [CRASHES]: "2" } });
  const params = host.params(["echo", "third time"]);
  const exited = host.exited(params.containerId);
  expect(await host.client.call("start", params)).toMatchObject({ forks: 3, slow: false });
  expect(await exited).toBe(0);
  expect(readFileSync(params.logFile, "utf8")).toMatch(/third time\n$/);
  expect(await host.client.call("hello", {})).toMatchObject({ forks: 3, secondForks: 2, slowStarts: 0 });
});

test("start kills a child that says nothing and forks again", async () => {
  await using host = await RuntimeHost.create({ env: { [SILENCES]: "1" } });
  expect(await host.client.call("start", host.params(["true"]))).toMatchObject({ forks: 2, slow: false });
});

test("start walks the same steps in a fresh node after four dead children", async () => {
  await using host = await RuntimeHost.create({ env: { [CRASHES]: "4" } });
  const script = "echo $$; hostname; grep CapBnd /proc/self/status; ls /proc/self/fd; cat /proc/self/cgroup; exit 3";
  const params = host.params(["sh", "-c", script]);
  const stream = await host.client.openStream("start", params);
  expect(stream.result).toMatchObject({ slow: true });
  const { stdout, exitCode } = await new StreamReader(stream).end;
  expect(stdout.toString()).toMatch(/^1\nweb\nCapBnd:\s00000000a80425fb\n0\n1\n2\n3\n/);
  expect(stdout.toString()).toMatch(/:memory:\/$/m);
  expect(exitCode).toBe(3);
  expect(await host.client.call("hello", {})).toMatchObject({ forks: 4, secondForks: 3, slowStarts: 1 });
});

test("a slow start reports failed steps, terminals and exec like a fork", async () => {
  await using host = await RuntimeHost.create({ env: { [CRASHES]: "100" } });
  await expect(host.client.call("start", host.params(["nosuch"]))).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND" });
  const params = host.params(["sh"], { process: { terminal: true }, stdin: true });
  const reader = new StreamReader(await host.client.openStream("start", params));
  reader.send("tty\n");
  await reader.waitFor(/\/dev\/pts\/0/);
  const process = { ...params.config.process, terminal: false, args: ["sh", "-c", "echo $$ $0; hostname"] };
  const { containerId } = params;
  const exec = await host.client.openStream("exec", { containerId, process, stdin: false, detach: false });
  expect((await new StreamReader(exec).end).stdout.toString()).toMatch(/^\d+ sh\nweb\n$/);
  reader.send("exit 6\n");
  expect((await reader.end).exitCode).toBe(6);
});

test("start works 200 times, eight at a time, with no failure", async () => {
  await using host = await RuntimeHost.create();
  let left = 200;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) expect((await host.runContainer(["true"])).exitCode).toBe(0);
    }),
  );
  const { slowStarts, containers } = await host.client.call("hello", {});
  expect({ slowStarts, containers }).toEqual({ slowStarts: 0, containers: [] });
});

test("serve cannot be overwritten through /proc/PID/exe, not even once it has ended (CVE-2019-5736)", async () => {
  const directory = mkdtempSync(join(tmpdir(), "netd-node-"));
  const node = join(directory, "node");
  copyFileSync(process.execPath, node);
  try {
    await using host = await RuntimeHost.create({ node });
    const { pid } = await host.client.call("hello", {});
    // The descriptor outlives the process, which keeps its file busy until it is gone for good.
    const script = `exec 9</proc/${pid}/exe; kill -9 ${pid}
      while :; do
        said=$( (echo x >>/proc/self/fd/9) 2>&1 ) && exit
        case $said in *busy*) ;; *) echo "$said" >&2; exit 1 ;; esac
      done`;
    expect(() => host.run("sh", "-c", script)).toThrow(/Read-only file system/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
