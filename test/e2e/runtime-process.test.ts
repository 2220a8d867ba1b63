import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OneShotHost, type TestConfig } from "../support/one-shot-host.ts";

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

const PASSWD = "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv/app\nnobody:x:65534:65534:::\n";

/** What HOME is for a process with this configuration and /etc/passwd. */
function homeWith(prepare: (passwd: string) => void, change: (config: TestConfig) => void = () => {}): string {
  const bundle = host.bundle(["sh", "-c", "echo $HOME"], change);
  mkdirSync(join(bundle, "rootfs/etc"), { recursive: true });
  rmSync(join(bundle, "rootfs/etc/passwd"), { force: true });
  prepare(join(bundle, "rootfs/etc/passwd"));
  return host.must("run", "--bundle", bundle, "home").trim();
}

describe("HOME", () => {
  const write = (path: string): void => writeFileSync(path, PASSWD);
  const asUser = (uid: number) => (config: TestConfig) => Object.assign(config.process, { user: { uid, gid: uid } });

  test("run takes it from the container's /etc/passwd when the configuration has none", () => {
    expect(homeWith(write)).toBe("/root");
    expect(homeWith(write, asUser(1000))).toBe("/srv/app");
  });

  test("run gives / to who has no entry or no home", () => {
    expect(homeWith(write, asUser(77))).toBe("/");
    expect(homeWith(write, asUser(65534))).toBe("/");
    expect(homeWith(() => {})).toBe("/");
  });

  test("run leaves the configuration's own alone, but for an empty one", () => {
    expect(homeWith(write, ({ process }) => process.env.push("HOME=/own"))).toBe("/own");
    expect(homeWith(write, ({ process }) => process.env.push("HOME="))).toBe("/root");
  });

  test("run reads no passwd outside the root, and waits for none that is a pipe", () => {
    const secret = join(host.directory, "secret");
    writeFileSync(secret, "root:x:0:0::/stolen:\n");
    expect(homeWith((path) => symlinkSync(secret, path))).toBe("/");
    expect(homeWith((path) => symlinkSync(`../../../../../../../..${secret}`, path))).toBe("/");
    expect(homeWith((path) => execFileSync("mkfifo", [path]))).toBe("/");
    expect(homeWith((path) => mkdirSync(path))).toBe("/");
  });

  test("run reads the beginning of a huge passwd only", () => {
    const filler = `${"x".repeat(1023)}\n`.repeat(2048);
    expect(homeWith((path) => writeFileSync(path, filler + PASSWD))).toBe("/");
    expect(homeWith((path) => writeFileSync(path, PASSWD + filler))).toBe("/root");
  });

  test("exec looks it up for the user that it runs as", () => {
    const bundle = host.bundle(["sleep", "1000"]);
    mkdirSync(join(bundle, "rootfs/etc"), { recursive: true });
    write(join(bundle, "rootfs/etc/passwd"));
    host.must("run", "--detach", "--bundle", bundle, "users");
    expect(host.must("exec", "users", "sh", "-c", "echo $HOME")).toBe("/root\n");
    expect(host.must("exec", "--user", "1000", "users", "sh", "-c", "echo $HOME")).toBe("/srv/app\n");
    expect(host.must("exec", "--env", "HOME=/e", "users", "sh", "-c", "echo $HOME")).toBe("/e\n");
    host.must("delete", "--force", "users");
  });
});

test("exec enters the root of a container that has the host's mounts", () => {
  const bundle = host.bundle(["sleep", "1000"], (config) => {
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "mount");
    Object.assign(config, { mounts: [] });
    Object.assign(config.linux, { maskedPaths: [], readonlyPaths: [] });
  });
  writeFileSync(join(bundle, "rootfs/here"), "");
  host.must("run", "--detach", "--bundle", bundle, "chroot");
  expect(host.must("exec", "chroot", "sh", "-c", "ls -d /here; ls -d /config.json /usr/lib 2>&1; pwd")).toBe(
    "/here\nls: /config.json: No such file or directory\nls: /usr/lib: No such file or directory\n/\n",
  );
  host.must("delete", "--force", "chroot");
});

test("run places the memory of the process as linux.memoryPolicy says", () => {
  const policies = (memoryPolicy: object): string => {
    const bundle = host.bundle(["sh", "-c", "cut -d' ' -f2 /proc/self/numa_maps | sort -u"], (config) => {
      Object.assign(config.linux, { memoryPolicy });
    });
    return host.must("run", "--bundle", bundle, "numa");
  };
  expect(policies({ mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] })).toContain("bind=static:0\n");
  expect(policies({ mode: "MPOL_INTERLEAVE", nodes: "0" })).toContain("interleave:0\n");
  expect(policies({ mode: "MPOL_LOCAL" })).toContain("local\n");
  expect(policies({ mode: "MPOL_DEFAULT" })).toContain("default\n");
  const bundle = host.bundle(["true"], (config) => {
    Object.assign(config.linux, { memoryPolicy: { mode: "MPOL_BIND", nodes: "1000" } });
  });
  expect(host.call(["run", "--bundle", bundle, "numa"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("set_mempolicy(MPOL_BIND, 1000): EINVAL"),
  });
});

test("create finds a program whether or not the filter lets it ask for the execute bit", () => {
  for (const names of [["getcpu"], ["access", "faccessat", "faccessat2"]]) {
    const change = (config: TestConfig): void => {
      // Without no_new_privs the filter is loaded before the wait for a start.
      Object.assign(config.process, { noNewPrivileges: false });
      config.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names, action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
      };
    };
    host.must("create", "--bundle", host.bundle(["true"], change), "asked");
    host.must("start", "asked");
    host.must("delete", "--force", "asked");
  }
  const bundle = host.bundle(["/plain"]);
  writeFileSync(join(bundle, "rootfs/plain"), "", { mode: 0o644 });
  expect(host.call(["create", "--bundle", bundle, "plain"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Cannot run "\/plain": permission denied/),
  });
});

test("kill sends signal 0 to who runs, and with --all to none", async () => {
  host.must("run", "--detach", "--bundle", host.bundle(["sleep", "1000"]), "asked");
  host.must("kill", "asked", "0");
  expect(host.state("asked").status).toBe("running");
  host.must("kill", "asked", "KILL");
  await host.until("asked", "stopped");
  host.must("kill", "--all", "asked", "0");
  host.must("delete", "asked");
});

test("create and exec tell with --debug what they do", () => {
  const bundle = host.bundle(["sleep", "1000"]);
  const { stderr } = host.call(["--debug", "create", "--bundle", bundle, "told"]);
  expect(stderr).toMatch(/level=debug msg="create told from .*\n.*level=debug msg="process \d+ of told waits/);
  host.must("delete", "--force", "told");
});
