import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** What lines of sh print in a container with these options, errors included. */
async function inside(options: string[], script: string): Promise<string> {
  const { stdout } = await sandbox.netctl("run", "--rm", ...options, "busybox", "sh", "-c", `{ ${script}\n} 2>&1`);
  return stdout;
}

const SECCOMP = "sed -n 's/^Seccomp:.//p' /proc/self/status";

describe("netctl run: the filter of system calls", () => {
  test("run filters by docker's profile unless told otherwise, and exec does so too", async () => {
    expect(await inside([], `${SECCOMP}; unshare -U true; unshare -m true`)).toBe(
      "2\nunshare: unshare(0x10000000): Operation not permitted\nunshare: unshare(0x20000): Operation not permitted\n",
    );
    await sandbox.ok("run", "-d", "--name", "filtered", "busybox", "sleep", "100");
    expect((await sandbox.netctl("exec", "filtered", "sh", "-c", SECCOMP)).stdout).toBe("2\n");
    expect((await sandbox.netctl("exec", "filtered", "unshare", "-U", "true")).stderr).toContain(
      "Operation not permitted",
    );
    await sandbox.ok("rm", "-f", "filtered");
  });

  test("run unlocks with a capability what it is for", async () => {
    expect(await inside(["--cap-add", "SYS_ADMIN"], "mount -t tmpfs tmpfs /tmp && echo mounted")).toBe("mounted\n");
    expect(await inside([], "mount -t tmpfs tmpfs /tmp && echo mounted")).toContain("ermission denied");
  });

  test("--security-opt seccomp=unconfined leaves the filter out, for exec too", async () => {
    expect(await inside(["--security-opt", "seccomp=unconfined"], `${SECCOMP}; unshare -U true && echo made`)).toBe(
      "0\nmade\n",
    );
    await sandbox.ok("run", "-d", "--name", "free", "--security-opt", "seccomp=unconfined", "busybox", "sleep", "100");
    expect((await sandbox.netctl("exec", "free", "sh", "-c", SECCOMP)).stdout).toBe("0\n");
    await sandbox.ok("rm", "-f", "free");
  });

  test("--security-opt seccomp=FILE takes docker's form, with conditions, and the specification's", async () => {
    const docker = {
      defaultAction: "SCMP_ACT_ALLOW",
      archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
      syscalls: [
        { names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 28, excludes: { caps: ["CAP_NET_ADMIN"] } },
        { name: "chmod", action: "SCMP_ACT_ERRNO", includes: { minKernel: "4.8" } },
      ],
    };
    await sandbox.sh(`cat > ${SANDBOX_DIR}/profile.json <<'END'\n${JSON.stringify(docker)}\nEND`);
    const option = ["--security-opt", `seccomp=${SANDBOX_DIR}/profile.json`];
    const script = "mkdir /made && echo made; chmod 700 /tmp";
    expect(await inside(option, script)).toMatch(/No space left on device\n.*Operation not permitted\n/);
    expect(await inside([...option, "--cap-add", "NET_ADMIN"], script)).toMatch(/^made\n/);
  });

  test("--security-opt seccomp=FILE is refused with the place of what is wrong, and nothing is made", async () => {
    await sandbox.sh(
      `echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": "x"}]}' > ${SANDBOX_DIR}/bad.json`,
    );
    const bad = ["--security-opt", `seccomp=${SANDBOX_DIR}/bad.json`];
    const { exitCode, stderr } = await sandbox.netctl("run", "--name", "bad", ...bad, "busybox", "true");
    expect(exitCode).toBe(125);
    expect(stderr).toContain("Cannot use the seccomp profile: syscalls[0].names is");
    expect((await sandbox.netctl("inspect", "bad")).exitCode).toBe(1);
  });
});

describe("netctl run: what is hidden", () => {
  test("--security-opt systempaths=unconfined hides and protects nothing", async () => {
    const probe = "grep -c ' /proc/' /proc/mounts";
    expect(Number(await inside([], probe))).toBeGreaterThan(5);
    expect(await inside(["--security-opt", "systempaths=unconfined"], probe)).toBe("0\n");
  });

  test("--privileged gives all capabilities and devices, and filters nothing", async () => {
    const own = (await sandbox.run("sed", "-n", "s/^CapBnd:.//p", "/proc/self/status")).stdout;
    const script = `sed -n 's/^CapEff:.//p' /proc/self/status; ${SECCOMP}; grep -c ' /proc/' /proc/mounts; grep ' /sys ' /proc/mounts`;
    expect(await inside(["--privileged"], script)).toMatch(new RegExp(`^${own.trim()}\n0\n0\nsysfs /sys sysfs rw,`));
    expect(
      await inside(["--privileged"], "head -c 1 /dev/kmsg > /dev/null; mount -t tmpfs none /tmp && echo ok"),
    ).toContain("ok");
  });
});
