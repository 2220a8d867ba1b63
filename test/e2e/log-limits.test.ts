import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo } from "../../src/api/index.ts";
import { STATE_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(host: TestSandbox, name: string): Promise<ContainerInfo> {
  const [info] = await host.json<ContainerInfo[]>("inspect", name);
  if (info === undefined) throw new Error(`there is no container ${name}`);
  return info;
}

function numbers(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join("");
}

describe("netctl run --log-opt", () => {
  test("keeps the newest lines in so many files of such a size, and logs gives them in order", async () => {
    const limits = ["--log-opt", "max-size=10k", "--log-opt", "max-file=3"];
    await sandbox.ok("run", "-d", "--name", "bound", ...limits, "busybox", "sh", "-c", "seq 1 5000");
    await sandbox.ok("wait", "bound");
    const { files } = await inspect(sandbox, "bound");
    const { stdout: sizes } = await sandbox.sh(`stat -c %s ${files.log} ${files.log}.*`);
    expect(sizes.trim().split("\n").length).toBe(3);
    for (const size of sizes.trim().split("\n")) expect(Number(size)).toBeLessThanOrEqual(10_000);
    const stdout = await sandbox.ok("logs", "bound");
    const first = Number(stdout.split("\n", 1)[0]);
    expect(first).toBeGreaterThan(4000);
    expect(stdout).toBe(numbers(first, 5000));
    expect((await sandbox.netctl("logs", "--tail", "150", "bound")).stdout).toBe(numbers(4851, 5000));
    const { stdout: byHand } = await sandbox.sh(`sh -c "$(netctl logs --show bound)" | grep -c " F "`);
    expect(Number(byHand)).toBe(5000 - first + 1);
    await sandbox.ok("rm", "bound");
    expect((await sandbox.sh(`ls ${files.log}*`)).stdout).toBe("");
  });

  test("logs -f follows from file to file, while the container is restarted too", async () => {
    const script = "for i in $(seq 1 30); do seq 1 100; sleep 0.01; done; echo end";
    const limits = ["--log-opt", "max-size=20k", "--log-opt", "max-file=1000"];
    await sandbox.ok("create", "--name", "long", ...limits, "busybox", "sh", "-c", script);
    for (let round = 1; round <= 2; round++) {
      await sandbox.ok("start", "long");
      const { stdout } = await sandbox.netctl("logs", "-f", "long");
      expect(stdout).toBe(`${numbers(1, 100).repeat(30)}end\n`.repeat(round));
    }
    await sandbox.ok("rm", "long");
  });

  test("--log-driver none keeps nothing, and logs says so", async () => {
    const { stdout } = await sandbox.netctl("run", "--name", "mute", "--log-driver", "none", "busybox", "echo", "seen");
    expect(stdout).toBe("seen\n");
    expect((await sandbox.sh(`ls ${(await inspect(sandbox, "mute")).files.log}*`)).stdout).toBe("");
    expect(await sandbox.netctl("logs", "mute")).toEqual({
      stdout: "",
      stderr:
        "netctl: Cannot read the log of container 'mute': its log driver is 'none'\n" +
        "  try: Create it anew without --log-driver none, or look at its output with 'netctl attach'\n",
      exitCode: 1,
    });
    await sandbox.ok("rm", "mute");
  });

  test.each([
    [["--log-driver", "syslog"], "Cannot keep logs by driver 'syslog'"],
    [["--log-opt", "compress=true"], "Cannot take log option 'compress'"],
    [["--log-opt", "max-size=lots"], "Cannot limit a log to 'lots'"],
  ])("%j is refused", async (options, message) => {
    const { stderr, exitCode } = await sandbox.netctl("run", ...options, "busybox", "true");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  });
});

describe("netctl logs", () => {
  test("--since and --until take what date(1) and -t print, and how long ago", async () => {
    const script = "echo one; until [ -e /go ]; do sleep 0.05; done; echo two";
    await sandbox.ok("run", "-d", "--name", "timed", "busybox", "sh", "-c", script);
    await sandbox.sh("until netctl logs timed | grep -q one; do sleep 0.02; done; sleep 0.1");
    const between = (await sandbox.sh("date +%s.%N")).stdout.trim();
    await sandbox.ok("exec", "timed", "touch", "/go");
    await sandbox.ok("wait", "timed");
    expect(await sandbox.ok("logs", "--since", between, "timed")).toBe("two\n");
    expect(await sandbox.ok("logs", "--until", between, "timed")).toBe("one\n");
    expect(await sandbox.ok("logs", "--since", "1h", "timed")).toBe("one\ntwo\n");
    expect(await sandbox.ok("logs", "--until", "1h", "timed")).toBe("");
    const [, time = ""] = (await sandbox.ok("logs", "-t", "timed")).split("\n").map((line) => line.split(" ")[0]);
    expect(await sandbox.ok("logs", "--since", time, "timed")).toBe("two\n");
    expect((await sandbox.netctl("logs", "--since", "yesterday", "timed")).exitCode).toBe(2);
    await sandbox.ok("rm", "timed");
  });
});

describe("netd-runtime", () => {
  test.each(["log.rename", "log.open", "log.remove"])(
    "killed at %s, in the middle of putting a log file away, writes no line twice and loses at most the piece in its hands",
    async (fault) => {
      await using host = await TestSandbox.create({ env: { NETD_TEST_FAULT_FILE: "/run/fault" } });
      const limits = ["--log-opt", "max-size=4k", "--log-opt", "max-file=1000"];
      const script = "for i in $(seq 1 1000); do echo $i; if [ $((i % 50)) = 0 ]; then sleep 0.02; fi; done";
      await host.sh(`echo ${fault} 3 > /run/fault`);
      await host.ok("run", "-d", "--name", "writer", ...limits, "busybox", "sh", "-c", script);
      await host.ok("wait", "writer");
      expect((await host.sh("ls /run/fault")).stdout).toBe("");
      const lines = (await host.ok("logs", "writer")).trimEnd().split("\n").map(Number);
      expect([lines[0], lines.at(-1)]).toEqual([1, 1000]);
      const steps = lines.slice(1).map((line, index) => line - (lines[index] ?? 0));
      expect(Math.min(...steps)).toBe(1);
      // A piece that would not fit is in its hands while it makes room; all others are written before.
      expect(steps.filter((step) => step > 1).length).toBeLessThanOrEqual(1);
    },
  );

  test("goes on when the disk is full, counts what its logs lose, and writes again when there is room", async () => {
    await using host = await TestSandbox.create({ withoutNetd: true });
    await host.sh(`mount -t tmpfs -o size=8m tmpfs ${STATE_DIR}`);
    await host.startNetd();
    const script = "while read line; do echo $line; done; exit 5";
    await host.ok("run", "-di", "--name", "writer", "busybox", "sh", "-c", script);
    await using typist = host.start("netctl", "attach", "writer");
    typist.type("before\n");
    await typist.see(/before\n/);
    expect((await inspect(host, "writer")).logLoss).toBe(undefined);
    await host.sh(
      `dd if=/dev/zero of=${STATE_DIR}/filler bs=64k 2>/dev/null; yes x | dd of=${STATE_DIR}/rest bs=1 2>/dev/null`,
    );
    const lines = Array.from({ length: 200 }, (_, index) => `lost ${index} ${"x".repeat(50)}\n`);
    typist.type(lines.join(""));
    await typist.see(/lost 199 x+\n/);
    const { logLoss, state } = await inspect(host, "writer");
    expect(state).toBe("running");
    expect(logLoss?.lines).toBeGreaterThan(100);
    await host.sh(`rm ${STATE_DIR}/filler ${STATE_DIR}/rest`);
    typist.type("after\n");
    await typist.see(/after\n/);
    const { stdout, stderr } = await host.netctl("logs", "writer");
    expect(stderr).toBe(
      `netctl: ${logLoss?.lines} lines of this log (${logLoss?.bytes} bytes) are lost: the disk was full\n`,
    );
    const kept = lines.slice(0, lines.length - (logLoss?.lines ?? 0));
    expect(stdout).toBe(`before\n${kept.join("")}after\n`);
    expect(logLoss?.bytes).toBe(lines.slice(kept.length).join("").length);
    // It is remembered by whoever comes after.
    await host.kill("runtime");
    await host.ok("exec", "writer", "true");
    expect((await inspect(host, "writer")).logLoss).toEqual(logLoss);
    await host.ok("kill", "writer");
    await host.kill("netd");
    await host.startNetd();
    expect((await inspect(host, "writer")).logLoss).toEqual(logLoss);
  });
});
