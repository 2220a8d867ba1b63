/**
 * The same attacks on the commands that work without a daemon.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRootfs, RuntimeHost } from "../../support/runtime-host.ts";

let host: RuntimeHost;
let bundle: string;
let count = 0;

beforeAll(async () => {
  host = await RuntimeHost.create();
  bundle = join(host.directory, "bundle");
  mkdirSync(bundle);
  makeRootfs(join(bundle, "rootfs"));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Write a configuration and return a name for its container. */
function configure(process: object, linux: object = {}): string {
  const config = {
    ociVersion: "1.2.0",
    process: { user: { uid: 0, gid: 0 }, env: ["PATH=/bin"], cwd: "/", ...process },
    root: { path: "rootfs" },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux: {
      namespaces: [{ type: "pid" }, { type: "mount" }],
      cgroupsPath: `${host.cgroupParent}/one-shot-${++count}`,
      ...linux,
    },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return `one-shot-${count}`;
}

const command = () => `netd_runtime --root ${host.directory}/one-shot`;

describe("netd-runtime run and exec", () => {
  test("run and exec leave no descriptor of their caller open, nor one of their own", () => {
    const first = configure({ args: ["ls", "/proc/self/fd"] });
    const open = "exec 7</etc/passwd 8</";
    expect(host.script(`${open}; ${command()} run --bundle ${bundle} ${first}`)).toMatchObject({
      stdout: "0\n1\n2\n3\n",
    });
    const second = configure({ args: ["sleep", "100"] });
    const { stdout, stderr } = host.script(`
      ${command()} run --detach --bundle ${bundle} ${second} </dev/null >/dev/null 2>&1
      ${open}; ${command()} exec ${second} ls /proc/1/fd /proc/self/fd; ${command()} delete --force ${second}`);
    expect({ stdout, stderr }).toEqual({ stdout: "/proc/1/fd:\n0\n1\n2\n\n/proc/self/fd:\n0\n1\n2\n3\n", stderr: "" });
  });

  test("run and exec refuse a working directory that is a descriptor of theirs", () => {
    const running = configure({ args: ["sleep", "100"] });
    const exec = Array.from(
      { length: 10 },
      (_, fd) => `${command()} exec --cwd /proc/self/fd/${fd + 3} ${running} pwd`,
    );
    const { stdout, stderr } = host.script(`
      ${command()} run --detach --bundle ${bundle} ${running} </dev/null >/dev/null 2>&1
      ${exec.join("\n")}
      ${command()} delete --force ${running}`);
    expect(stdout).toBe("");
    expect(stderr.match(/Cannot chdir\(\/proc\/self\/fd/g)).toHaveLength(10);
    const started = configure({ args: ["pwd"], cwd: "/proc/self/fd/8" });
    expect(host.script(`exec 8</; ${command()} run --bundle ${bundle} ${started}`).stdout).toBe("");
  });

  test("run filters system calls, and exec does so too, when the configuration says so", () => {
    const seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
    };
    const id = configure({ args: ["sh", "-c", "mkdir /x; exec sleep 100"] }, { seccomp });
    const { stderr } = host.script(`
      ${command()} run --detach --bundle ${bundle} ${id} </dev/null
      ${command()} exec ${id} mkdir /y; ${command()} delete --force ${id}`);
    expect(stderr.match(/No space left on device/g)).toHaveLength(2);
  });

  test("run makes a session keyring of the container's own, unless told not to", () => {
    const keyrings = ["busybox", "sed", "-n", "s/.*\\(_ses[.][^:]*\\).*/\\1/p", "/proc/keys"];
    const own = configure({ args: keyrings });
    expect(host.script(`${command()} run --bundle ${bundle} ${own}`).stdout).toContain(`_ses.${own}`);
    const none = configure({ args: keyrings });
    expect(host.script(`${command()} run --no-new-keyring --bundle ${bundle} ${none}`).stdout).not.toContain(
      `_ses.${none}`,
    );
  });
});
