import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

/** Wait until the runtime has a spare child. */
async function findSpare(host: RuntimeHost): Promise<number> {
  for (const end = Date.now() + 10_000; Date.now() < end; await delay(5)) {
    const { sparePid } = await host.client.call("hello", {});
    if (sparePid !== undefined) return sparePid;
  }
  throw new Error("the runtime has forked no spare child");
}

test("start gives its steps to the child that waits, and another waits after it", async () => {
  await using host = await RuntimeHost.create();
  const spare = await findSpare(host);
  const { pid, forks } = await host.client.call("start", host.params(["sleep", "100"]));
  expect({ pid, forks }).toEqual({ pid: spare, forks: 1 });
  expect(await findSpare(host)).not.toBe(spare);
});

test("start forks when the waiting child was killed", async () => {
  await using host = await RuntimeHost.create();
  const spare = await findSpare(host);
  host.run("kill", "-9", String(spare));
  expect((await host.runContainer(["true"])).exitCode).toBe(0);
});

test("a waiting child holds no stream of a container open: its end is seen", async () => {
  await using host = await RuntimeHost.create();
  const params = host.params(["cat"], { stdin: true });
  const stream = await host.client.openStream("start", params);
  const spare = await findSpare(host);
  const open = host.run("sh", "-c", `ls -l /proc/${spare}/fd`);
  expect(open).toContain("pipe:");
  expect(open).not.toContain(params.streamDir);
  const { stdout, exitCode } = await collectStream(stream, "said\n");
  expect({ stdout: stdout.toString(), exitCode }).toEqual({ stdout: "said\n", exitCode: 0 });
});

test("a waiting child ends with the runtime", async () => {
  await using host = await RuntimeHost.create();
  const spare = await findSpare(host);
  await host.killRuntime();
  const isAlive = () => /State:\s[^Z]/.test(host.run("sh", "-c", `cat /proc/${spare}/status || :`));
  for (const end = Date.now() + 10_000; isAlive() && Date.now() < end; ) await delay(5);
  expect(isAlive()).toBe(false);
});
