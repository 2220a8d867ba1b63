import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo } from "../../src/api/index.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
let atFirst: HostTraces;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "--rm", "busybox", "true");
  atFirst = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(name: string): Promise<ContainerInfo> {
  const [info] = await sandbox.json<[ContainerInfo]>("inspect", name);
  return info;
}

/** Wait until the inspection of a container matches a jq expression. */
async function until(name: string, expression: string): Promise<void> {
  const { exitCode } = await sandbox.sh(
    `until netctl inspect ${name} | jq -e '.[0] | ${expression}'; do sleep 0.02; done`,
  );
  expect(exitCode).toBe(0);
}

async function runChecked(name: string, check: string, ...options: string[]): Promise<void> {
  const every = ["--health-interval", "20ms", "--health-cmd", check];
  await sandbox.ok("run", "-d", "--name", name, ...every, ...options, "busybox", "sleep", "1000");
}

describe("netctl run --health-cmd", () => {
  test("is starting, then healthy, then unhealthy, as the checks say; ps, inspect and events tell", async () => {
    await using events = sandbox.start("netctl", "events", "--json");
    await runChecked(
      "ward",
      "echo seen; [ -e /well ]",
      "--health-retries",
      "2",
      "--health-start-period",
      "1h",
      "--health-start-interval",
      "20ms",
    );
    await until("ward", ".health.log | length == 5");
    expect((await inspect("ward")).health).toMatchObject({ status: "starting", failingStreak: 0 });
    expect(await sandbox.ok("ps")).toMatch(/Up .* \(health: starting\) .*ward/);
    await sandbox.ok("exec", "ward", "touch", "/well");
    await until("ward", '.health.status == "healthy"');
    expect(await sandbox.ok("ps")).toMatch(/Up .* \(healthy\) .*ward/);
    await sandbox.ok("exec", "ward", "rm", "/well");
    await until("ward", '.health.status == "unhealthy" and .health.failingStreak >= 2');
    expect(await sandbox.ok("ps")).toMatch(/Up .* \(unhealthy\) .*ward/);
    const { health } = await inspect("ward");
    expect(health?.log).toHaveLength(5);
    expect(health?.log.at(-1)).toMatchObject({ exitCode: 1, output: "seen\n" });
    await events.see(/health_status: healthy(.|\n)*health_status: unhealthy/);
    await sandbox.ok("rm", "-f", "ward");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("a check that hangs is killed with all its children, and its output is bounded", async () => {
    // The second of the sleeps has left its parent and its session.
    const check = "yes & (setsid sleep 7777 &) ; sleep 7777 & sleep 7777";
    await runChecked("hang", check, "--health-timeout", "100ms", "--health-retries", "1");
    await until("hang", '.health.status == "unhealthy"');
    const [entry] = (await inspect("hang")).health?.log ?? [];
    expect(entry?.exitCode).toBe(-1);
    expect(entry?.output.slice(0, 4)).toBe("y\ny\n");
    expect(entry?.output).toMatch(/Health check exceeded timeout \(0\.1s\)$/);
    expect(entry?.output.length).toBeLessThan(4096 + 100);
    await until("hang", ".health.log | length == 5");
    // Four checks are over; what is left is of the fifth, or the sixth.
    const { stdout } = await sandbox.netctl("exec", "hang", "sh", "-c", "ps -o args | grep -c '^sleep 777[7]'");
    expect(Number(stdout)).toBeLessThanOrEqual(3);
    await sandbox.ok("rm", "-f", "hang");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("a check that can't be run is a failure that says why", async () => {
    await sandbox.sh(
      'cd / && tar c bin/busybox 2>/dev/null | netctl image import --change \'CMD ["/bin/busybox","sleep","1000"]\' --change \'HEALTHCHECK --interval=20ms --retries=1 CMD ["/nosuch"]\' checked -',
    );
    await sandbox.ok("run", "-d", "--name", "image", "checked");
    await until("image", '.health.status == "unhealthy"');
    expect((await inspect("image")).health?.log[0]).toMatchObject({
      exitCode: -1,
      output: expect.stringContaining("/nosuch"),
    });
    await sandbox.ok("run", "-d", "--name", "unchecked", "--no-healthcheck", "checked");
    expect((await inspect("unchecked")).health).toBeUndefined();
    await sandbox.ok("rm", "-f", "image", "unchecked");
  });

  test("goes on after the death of netd with what it knew", async () => {
    await runChecked("long", "true");
    await until("long", '.health.status == "healthy"');
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect((await inspect("long")).health?.status).toBe("healthy");
    const end = (await inspect("long")).health?.log.at(-1)?.end;
    await until("long", `.health.log[-1].end > "${end}"`);
    await sandbox.ok("stop", "-t", "0", "long");
    expect((await inspect("long")).health?.status).toBe("unhealthy");
    await sandbox.ok("rm", "long");
  });

  test.each<[argv: string[], text: string]>([
    [["--health-cmd", "true", "--health-interval", "soon"], "Cannot read --health-interval 'soon'"],
    [["--health-cmd", "true", "--health-timeout", "1us"], "Cannot read --health-timeout '1us'"],
    [["--no-healthcheck", "--health-cmd", "true"], "Cannot take --no-healthcheck together"],
  ])("%j is refused", async (argv, text) => {
    const { exitCode, stderr } = await sandbox.netctl("run", ...argv, "busybox", "true");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
  });
});
