import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonInfo } from "../../src/api/index.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import type { LiveProgram } from "../support/live-program.ts";
import { TestSandbox } from "../support/sandbox.ts";

const OUTPUT_BYTES = 100_000_000;
/** Each container writes all of it once somebody made its file `go`. */
const WRITER = `until [ -e /go ]; do echo up; sleep 0.05; done; yes 0123456 | head -c ${OUTPUT_BYTES}; echo last`;
/** A clients' queue, pipes and node itself: far below what was written. */
const MEMORY_MAX_KIB = 150 * 1024;

let sandbox: TestSandbox;
let nothing: HostTraces;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "--rm", "busybox", "true");
  nothing = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Start netctl below a shell: nsenter would stop together with its child. */
function start(name: string, ...argv: string[]): LiveProgram {
  return sandbox.start("sh", "-c", `netctl "$@" & echo $! > /run/${name}.pid; wait $!`, "sh", ...argv);
}

async function signal(name: string, signalName: "STOP" | "CONT"): Promise<void> {
  expect((await sandbox.sh(`kill -${signalName} "$(cat /run/${name}.pid)"`)).exitCode).toBe(0);
}

test("a stopped client of attach does not hold its container back, and one of run does", async () => {
  await sandbox.ok("run", "-d", "--name", "free", "busybox", "sh", "-c", WRITER);
  await using attached = start("attached", "attach", "free");
  await using starter = start("starter", "run", "--name", "held", "busybox", "sh", "-c", WRITER);
  for (const client of [attached, starter]) await client.see(/up\n/);
  await signal("attached", "STOP");
  await signal("starter", "STOP");
  for (const name of ["free", "held"]) await sandbox.ok("exec", name, "touch", "/go");
  expect(await sandbox.ok("run", "--rm", "busybox", "echo", "well")).toBe("well\n");

  expect(await sandbox.ok("wait", "free")).toBe("0\n");
  const { stdout: log } = await sandbox.sh("netctl logs free | tail -n 1; netctl logs free | wc -c");
  const [last, kept] = log.trim().split("\n");
  expect(last).toBe("last");
  // All of it: 30 MB of log are fewer than 100 MB of output, but no line within its bounds is missing.
  expect(Number(kept)).toBeGreaterThan(5_000_000);
  const { runtime } = await sandbox.json<DaemonInfo>("info");
  const { stdout: memory } = await sandbox.sh(
    `sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/${runtime.pid}/status`,
  );
  expect(Number(memory)).toBeLessThan(MEMORY_MAX_KIB);
  await signal("attached", "CONT");
  expect(await attached.exitCode()).toBe(1);
  expect(attached.stderr).toContain("it took no output for 10 s");
  expect(attached.stderr).toContain("netctl logs");

  // The pipe of a run waits for its reader, as any pipe does.
  expect(await sandbox.ok("ps", "-q", "--filter", "name=held")).not.toBe("");
  await signal("starter", "CONT");
  expect(await starter.exitCode()).toBe(0);
  expect(starter.stdout.replace(/^(up\n)+/, "")).toHaveLength(OUTPUT_BYTES + "last\n".length);
  await sandbox.ok("rm", "free", "held");
  expect(await hostTraces(sandbox)).toEqual(nothing);
});

test("a reader that has seen enough ends netctl run as SIGPIPE would, and the container goes on until it is ended", async () => {
  const { stdout } = await sandbox.run(
    "bash",
    "-c",
    "netctl run --rm --name talker busybox yes | head -n 1; echo ${PIPESTATUS[0]}",
  );
  expect(stdout).toBe("y\n141\n");
  expect(await sandbox.json("ps")).toMatchObject([{ name: "talker", state: "running" }]);
  await sandbox.ok("stop", "-t", "0", "talker");
  expect(await sandbox.ok("ps", "-aq")).toBe("");
  expect(await hostTraces(sandbox)).toEqual(nothing);
});
