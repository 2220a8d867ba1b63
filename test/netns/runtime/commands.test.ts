import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";

let host: RuntimeHost;
let extra: string;
let layers: string[];
beforeAll(async () => {
  host = await RuntimeHost.create();
  extra = join(host.directory, "extra");
  layers = [extra, join(host.directory, "busybox")];
  mkdirSync(join(extra, "opt"), { recursive: true });
  write("dynamic", elf({ machine: 62, interpreter: "/lib/ld-absent.so.1" }));
  write("foreign", elf({ machine: process.arch === "arm64" ? 62 : 183 }));
  write("script", "#!/usr/bin/perl -w\nprint 1;\n");
  write("noheader", "echo hello\n");
  write("secret", "#!/bin/sh\n");
  chmodSync(join(extra, "opt/secret"), 0o644);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function write(name: string, content: string | Buffer): void {
  writeFileSync(join(extra, "opt", name), content, { mode: 0o755 });
}

/** A program of which only the headers are there. */
function elf({ machine, interpreter }: { machine: number; interpreter?: string }): Buffer {
  const file = Buffer.alloc(4096);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(interpreter === undefined ? 0 : 1, 56);
  if (interpreter !== undefined) {
    file.writeUInt32LE(3, 64); // PT_INTERP
    file.writeBigUInt64LE(256n, 72);
    file.writeBigUInt64LE(BigInt(interpreter.length + 1), 96);
    file.write(`${interpreter}\0`, 256, "latin1");
  }
  return file;
}

describe("a command that cannot run", () => {
  test.each([
    ["nosuch", "COMMAND_NOT_FOUND", /it is in no directory of PATH \(\/bin\)/],
    ["/bin/nosuch", "COMMAND_NOT_FOUND", /there is no such file in the image/],
    ["/opt", "COMMAND_NOT_EXECUTABLE", /it is a directory/],
    ["/opt/secret", "COMMAND_NOT_EXECUTABLE", /permission denied/],
    ["/opt/dynamic", "COMMAND_NOT_EXECUTABLE", /its loader \/lib\/ld-absent\.so\.1 is missing/],
    ["/opt/foreign", "COMMAND_NOT_EXECUTABLE", /it is built for .*, this machine is /],
    ["/opt/script", "COMMAND_NOT_EXECUTABLE", /its interpreter \/usr\/bin\/perl is missing/],
    ["/opt/noheader", "COMMAND_NOT_EXECUTABLE", /neither a program nor a script/],
  ])("start says of %s that it is %s, and why", async (command, code, reason) => {
    const params = host.params([command], { layers });
    const error: unknown = await host.client.call("start", params).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(reason), remedy: expect.any(String) });
  });

  test("start leaves nothing of it: no FIFO, no record, no cgroup", async () => {
    const params = host.params(["nosuch"]);
    await expect(host.client.call("start", params)).rejects.toThrow();
    expect(readdirSync(params.streamDir)).toEqual([]);
    expect(readdirSync(join(host.directory, "runtime"))).toEqual([]);
    expect(() => readdirSync(`/sys/fs/cgroup/pids${params.config.linux.cgroupsPath}`)).toThrow(/ENOENT/);
  });

  test("start searches the container's PATH, past what may not be executed", async () => {
    mkdirSync(join(extra, "a"), { recursive: true });
    writeFileSync(join(extra, "a/true"), "", { mode: 0o644 });
    const { exitCode } = await host.runContainer(["true"], { layers, process: { env: ["PATH=/nowhere:/a:/bin"] } });
    expect(exitCode).toBe(0);
  });
});

describe("exit codes", () => {
  test.each([
    ["exit 0", 0],
    ["exit 7", 7],
    ["exit 255", 255],
    ["kill -9 $$; trap '' TERM; (sleep 0.1; kill -KILL 1) & echo alive", 0],
  ])("start reports %s as %i", async (script, code) => {
    expect((await host.runContainer(["sh", "-c", script])).exitCode).toBe(code);
  });

  test("signal ends a container with 128 and the signal's number", async () => {
    const params = host.params(["sleep", "1000"]);
    const exited = host.exited(params.containerId);
    await host.client.call("start", params);
    await host.client.call("signal", { containerId: params.containerId, signal: 9 });
    expect(await exited).toBe(137);
    await expect(host.client.call("signal", { containerId: params.containerId, signal: 9 })).rejects.toThrow(
      /has ended/,
    );
  });

  test("start runs a container of the same id again once it has ended", async () => {
    const params = host.params(["sh", "-c", "echo x >> /count; exit $(cat /count | wc -l)"]);
    for (const code of [1, 2, 3]) {
      const exited = host.exited(params.containerId);
      await host.client.call("start", params);
      expect(await exited).toBe(code);
    }
  });

  test("start refuses a container that runs", async () => {
    const params = host.params(["sleep", "1000"]);
    await host.client.call("start", params);
    await expect(host.client.call("start", params)).rejects.toMatchObject({ code: "CONTAINER_RUNNING" });
    await host.client.call("remove", { containerId: params.containerId });
    expect((await host.client.call("hello", {})).containers.map(({ containerId }) => containerId)).not.toContain(
      params.containerId,
    );
  });
});

describe("an image", () => {
  test("start makes the mount points that a one-file image lacks", async () => {
    const layer = join(host.directory, "one-file");
    mkdirSync(layer, { recursive: true });
    copyFileSync("/bin/busybox", join(layer, "busybox"));
    const hosts = join(host.directory, "hosts");
    writeFileSync(hosts, "127.0.0.1 localhost\n");
    const mounts = [{ destination: "/etc/hosts", type: "bind", source: hosts, options: ["rbind", "rprivate"] }];
    const { stdout } = await host.runContainer(["/busybox", "ls", "/", "/etc"], { layers: [layer], mounts });
    expect(stdout.toString()).toBe("/:\nbusybox\ndev\netc\nproc\nsys\n\n/etc:\nhosts\nmtab\n");
    expect(readdirSync(layer)).toEqual(["busybox"]);
  });

  test.each(["proc", "sys", "dev"])("start refuses an image whose /%s is a symlink", async (name) => {
    const layer = join(host.directory, `link-${name}`);
    mkdirSync(join(layer, "victim"), { recursive: true });
    copyFileSync("/bin/busybox", join(layer, "busybox"));
    symlinkSync("/victim", join(layer, name));
    const params = host.params(["/busybox", "true"], { layers: [layer] });
    await expect(host.client.call("start", params)).rejects.toMatchObject({
      code: "LAUNCH_FAILED",
      message: expect.stringContaining(`"/${name}": it is a symlink in the image`),
    });
  });

  test("start never follows an image's symlink out of the root for a mount", async () => {
    const layer = join(host.directory, "escape");
    const inside = join(layer, host.directory);
    mkdirSync(inside, { recursive: true });
    copyFileSync("/bin/busybox", join(layer, "busybox"));
    symlinkSync(host.directory, join(layer, "data"));
    symlinkSync("/absent", join(layer, "dangling"));
    const mounts = [{ destination: "/data/inside", type: "tmpfs", source: "tmpfs" }];
    const { stdout } = await host.runContainer(["/busybox", "cat", "/proc/mounts"], { layers: [layer], mounts });
    expect(stdout.toString()).toContain(`tmpfs ${host.directory}/inside tmpfs`);
    expect(readdirSync(host.directory)).not.toContain("inside");
    const dangling = host.params(["/busybox"], {
      layers: [layer],
      mounts: [{ destination: "/dangling/x", type: "tmpfs", source: "tmpfs" }],
    });
    await expect(host.client.call("start", dangling)).rejects.toThrow(/a symlink to nothing/);
  });

  test("start keeps a working directory of /proc/self/fd out", async () => {
    const params = host.params(["pwd"], { process: { cwd: "/proc/self/fd/7" } });
    await expect(host.client.call("start", params)).rejects.toMatchObject({ code: "LAUNCH_FAILED" });
  });

  test("start mounts directories and files of the host, read-only where asked", async () => {
    const source = join(host.directory, "shared");
    mkdirSync(source);
    const mounts = [
      { destination: "/data", type: "bind", source, options: ["rbind"] },
      { destination: "/frozen", type: "bind", source, options: ["rbind", "ro"] },
    ];
    const { stderr } = await host.runContainer(["sh", "-c", "echo hi > /data/a; echo no > /frozen/a"], { mounts });
    expect(readFileSync(join(source, "a"), "utf8")).toBe("hi\n");
    expect(stderr.toString()).toContain("Read-only file system");
  });

  test("start names a mount source that does not exist", async () => {
    const mounts = [{ destination: "/data", type: "bind", source: "/nonexistent/dir", options: ["rbind"] }];
    await expect(host.client.call("start", host.params(["true"], { mounts }))).rejects.toMatchObject({
      code: "MOUNT_SOURCE_MISSING",
      message: expect.stringContaining("/nonexistent/dir"),
    });
  });
});
