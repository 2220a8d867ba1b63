import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciSeccomp } from "../../../src/runtime/index.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { startSeccompAgent } from "../../support/seccomp-agent.ts";
import { collectStream } from "../../support/stream-result.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Everything but `mkdir` and its kin. */
function without(action: string, more: Partial<OciSeccomp> = {}): OciSeccomp {
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action, ...(action === "SCMP_ACT_ERRNO" ? { errnoRet: 28 } : {}) }],
    ...more,
  };
}

async function shell(script: string, options: Parameters<RuntimeHost["runContainer"]>[1]): Promise<string> {
  const { stdout, stderr, exitCode } = await host.runContainer(["sh", "-c", script], options);
  return `${stdout.toString()}${stderr.toString()}${exitCode}`;
}

describe("a container with a filter", () => {
  test("start loads it: the errno is the profile's, and /proc says so", async () => {
    const text = await shell("grep Seccomp /proc/self/status; mkdir /x", { seccomp: without("SCMP_ACT_ERRNO") });
    expect(text).toMatch(/Seccomp:\t2\nSeccomp_filters:\t1\n/);
    expect(text).toMatch(/mkdir: .*No space left on device\n1$/);
  });

  test("start loads it under no_new_privs, and for a user without any capability", async () => {
    const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
    const process = { noNewPrivileges: true, user: { uid: 1000, gid: 1000 }, capabilities: none };
    const text = await shell("mkdir /tmp/x; grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status", {
      seccomp: without("SCMP_ACT_ERRNO"),
      process,
    });
    expect(text).toMatch(/CapEff:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2/);
    expect(text).toContain("No space left on device");
  });

  test("start loads it for another user without no_new_privs, whose setuid programs go on to work", async () => {
    const text = await shell("mkdir /tmp/x; grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status", {
      seccomp: without("SCMP_ACT_ERRNO"),
      process: { user: { uid: 1000, gid: 1000 } },
    });
    expect(text).toMatch(/NoNewPrivs:\t0\nSeccomp:\t2/);
    expect(text).toContain("No space left on device");
  });

  test("start lets the kernel kill what the profile kills", async () => {
    expect(await shell("mkdir /x; echo status $?", { seccomp: without("SCMP_ACT_KILL_PROCESS") })).toContain(
      "status 159", // 128 + SIGSYS
    );
  });

  test("start needs few system calls besides the program's own: a tight profile of runc's suits it", async () => {
    const program =
      "brk arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat getrandom mprotect getuid write exit_group";
    const runtime = "prctl capset capget setgroups setgid setuid rt_sigaction rt_sigprocmask execve";
    const names = `${program} ${runtime}`;
    const seccomp = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [{ names: names.split(" "), action: "SCMP_ACT_ALLOW" }],
    };
    const { stdout, exitCode } = await host.runContainer(["echo", "hello"], { seccomp });
    expect([stdout.toString(), exitCode]).toEqual(["hello\n", 0]);
  });

  test("exec gets the same filter", async () => {
    const seccomp = without("SCMP_ACT_ERRNO");
    const params = host.params(["sleep", "100"], { seccomp });
    await host.client.call("start", params);
    const process = { ...params.config.process, args: ["sh", "-c", "grep Seccomp: /proc/self/status; mkdir /x"] };
    const stream = await host.client.openStream("exec", {
      ...{ containerId: params.containerId, process, seccomp, stdin: false, detach: false },
    });
    const { stdout, stderr } = await collectStream(stream);
    expect(stdout.toString()).toBe("Seccomp:\t2\n");
    expect(stderr.toString()).toContain("No space left on device");
    await host.client.call("remove", { containerId: params.containerId });
  });

  test("start refuses a profile that makes no sense, and leaves nothing", async () => {
    await expect(shell("true", { seccomp: without("SCMP_ACT_PERHAPS") })).rejects.toThrow(/SCMP_ACT_PERHAPS/);
  });
});

describe("a filter that notifies", () => {
  test("start gives the listener, with the state of the container, to who listens on the socket", async () => {
    const path = join(host.directory, "agent.sock");
    const seccomp = without("SCMP_ACT_NOTIFY", { listenerPath: path, listenerMetadata: "for the agent" });
    await using agent = await startSeccompAgent(path, 2);
    const params = host.params(["sh", "-c", "mkdir /x; echo $?; mkdir /y; echo $?"], { seccomp });
    const stream = await host.client.openStream("start", params);
    const { stdout, stderr } = await collectStream(stream);
    expect(stderr.toString()).toMatch(/\/x.*Text file busy\n.*\/y.*Text file busy/);
    expect(stdout.toString()).toBe("1\n1\n");
    const { document, calls } = await agent.report();
    expect(document).toMatchObject({
      ociVersion: "1.3.0",
      fds: ["seccompFd"],
      metadata: "for the agent",
      state: { ociVersion: "1.3.0", id: params.containerId, status: "creating" },
    });
    expect(document.pid).toBe(document.state.pid);
    expect(calls).toEqual([83, 83]);
    await host.client.call("remove", { containerId: params.containerId });
  });

  test("start fails when nobody listens", async () => {
    const seccomp = without("SCMP_ACT_NOTIFY", { listenerPath: join(host.directory, "nobody.sock") });
    await expect(shell("true", { seccomp })).rejects.toThrow(/nobody\.sock.*ENOENT/);
  });
});
