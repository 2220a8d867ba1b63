import { describe, expect, test } from "vitest";
import { runNetctl } from "../../../src/netctl/run-netctl.ts";
import { type RecordedContext, recordContext } from "../../support/netctl-context.ts";

/** Run a command line that never gets as far as asking netd. */
async function run(...argv: string[]): Promise<RecordedContext> {
  const context = recordContext({ NETD_SOCKET: "/nonexistent/netd.sock" });
  await runNetctl(argv, context);
  return context;
}

describe("runNetctl", () => {
  test.each([
    [["runn"], "unknown command 'runn'", "run"],
    [["run", "--foo", "busybox"], "unknown option '--foo'", "netctl run -h"],
    [["run", "--nam", "x", "busybox"], "unknown option '--nam'", "--name"],
    [["run"], "missing required argument 'image'", "netctl run -h"],
    [["ps", "extra"], "too many arguments for 'ps'", "netctl ps -h"],
    [["stop", "-t", "x", "web"], "Cannot read --time 'x'", undefined],
    [["kill", "-s", "NOPE", "web"], "Cannot send signal 'NOPE'", "a name like TERM"],
    [["run", "-m", "1k", "busybox"], "Cannot limit memory to '1k'", "--memory 64m"],
    [["run", "-p", "80:80", "busybox"], "Cannot take '--publish'", "netctl ls"],
    [["run", "-P", "busybox"], "Cannot take '--publish-all'", "netctl ls"],
    [["run", "--restart", "often", "busybox"], "Cannot take restart policy 'often'", "on-failure:5"],
    [["run", "-v", "/srv:data", "busybox"], "relative", "-v SOURCE:/data"],
    [["run", "--security-opt", "label=x", "busybox"], "Cannot take security option", "seccomp"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish", "netctl completion -h"],
    [["completion"], "missing required argument 'shell'", "netctl completion -h"],
  ])("%j is wrong usage: exit code 2", async (argv, message, remedy) => {
    const context = await run(...argv);
    const { stdout, stderr } = context.texts();
    expect(context.exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^netctl: Cannot /);
    expect(stderr).toContain(message);
    if (remedy !== undefined) expect(stderr.split("\n  try: ")[1]).toContain(remedy);
  });

  test.each([[[]], [["image"]], [["net"]]])("%j shows help on standard error: exit code 2", async (argv) => {
    const context = await run(...argv);
    expect(context.exitCode).toBe(2);
    expect(context.texts().stderr).toContain("Usage: netctl");
  });

  test.each([[["-h"]], [["run", "-h"]], [["help", "run"]], [["image", "import", "--help"]], [["--version"]]])(
    "%j is an answer: exit code 0, on standard output",
    async (argv) => {
      const context = await run(...argv);
      expect(context.exitCode).toBe(0);
      expect(context.texts().stdout).toContain("netctl");
      expect(context.texts().stderr).toBe("");
    },
  );

  test("refuses a terminal without one, with docker's words and code", async () => {
    const context = await run("run", "-it", "busybox", "sh");
    expect(context.exitCode).toBe(1);
    expect(context.texts().stderr).toContain("the input device is not a TTY");
  });

  test.each([
    [["ps"], 1],
    [["run", "busybox"], 125],
    [["exec", "web", "ls"], 1],
    [["rm", "a", "b"], 1],
  ])("%j says how to start netd: exit code %d", async (argv, exitCode) => {
    const context = await run(...argv);
    expect(context.exitCode).toBe(exitCode);
    expect(context.texts().stderr).toContain("netctl: Cannot reach netd: nobody listens on '/nonexistent/netd.sock'\n");
    expect(context.texts().stderr).toContain("\n  try: Start it as root with 'netd'");
  });

  test("version tells its own even when netd does not run", async () => {
    const context = await run("version", "--json");
    expect(context.exitCode).toBe(0);
    expect(JSON.parse(context.texts().stdout)).toEqual({ netctl: expect.any(String), netd: null });
  });
});
