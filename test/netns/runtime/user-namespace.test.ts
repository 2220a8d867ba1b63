import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciIdMapping, StartParams } from "../../../src/runtime/index.ts";
import { makeRootfs, RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

const RANGE: OciIdMapping[] = [{ containerID: 0, hostID: 231_072, size: 65_536 }];

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function mapped(params: StartParams, uids = RANGE, gids = RANGE): StartParams {
  const { linux } = params.config;
  linux.namespaces.unshift({ type: "user" });
  linux.uidMappings = uids;
  linux.gidMappings = gids;
  return params;
}

async function runOn(on: RuntimeHost, params: StartParams): Promise<string> {
  const { stdout, stderr } = await collectStream(await on.client.openStream("start", params));
  await on.client.call("remove", { containerId: params.containerId });
  return stdout.toString() + stderr.toString();
}

async function shell(script: string): Promise<string> {
  return await runOn(host, mapped(host.params(["sh", "-c", script])));
}

describe("a container with a user namespace", () => {
  test("start makes its process root inside and nobody outside", async () => {
    const params = mapped(host.params(["sleep", "1000"]));
    const { pid } = await host.client.call("start", params);
    const status = host.run("cat", `/proc/${pid}/status`);
    expect(status).toMatch(/^Uid:\t231072\t231072\t231072\t231072$/m);
    expect(status).toMatch(/^Gid:\t231072\t231072\t231072\t231072$/m);
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(host.run("cat", `/proc/${pid}/uid_map`).trim().split(/\s+/)).toEqual(["0", "231072", "65536"]);
    await host.client.call("remove", { containerId: params.containerId });
  });

  test("start makes its other namespaces belong to the user namespace", async () => {
    const params = mapped(host.params(["sleep", "1000"]));
    params.config.process.capabilities!.effective = ["CAP_SYS_ADMIN"]; // the parameters have them
    params.config.process.capabilities!.permitted = ["CAP_SYS_ADMIN"];
    params.config.process.capabilities!.bounding = ["CAP_SYS_ADMIN"];
    params.config.process.args = ["sh", "-c", "hostname other && hostname && mount -t tmpfs none /tmp && echo mounted"];
    expect(await runOn(host, params)).toBe("other\nmounted\n");
  });

  test("start shows the image's files with their own owners, and changes none of them", async () => {
    expect(await shell("ls -ldn / /bin/busybox /dev /dev/shm /dev/pts | tr -s ' ' | cut -d' ' -f3,4 | uniq")).toBe(
      "0 0\n",
    );
    expect(statSync(join(host.directory, "busybox/bin/busybox")).uid).toBe(0);
  });

  test("start writes to the upper layer with the ids of inside, so that another range may show them later", async () => {
    const params = mapped(
      host.params(["sh", "-c", "touch /mine && mkdir /d && chown 7:8 /d && rm /bin/true && ls -ldn /d"]),
    );
    expect(await runOn(host, params)).toMatch(/ 7 +8 .* \/d\n$/);
    const { upper } = params.overlay!; // the parameters have one
    expect(statSync(join(upper, "mine"))).toMatchObject({ uid: 0, gid: 0 });
    expect(statSync(join(upper, "d"))).toMatchObject({ uid: 7, gid: 8 });
    expect(statSync(join(upper, "bin/true")).isCharacterDevice()).toBe(true);
  });

  test("start gives it working devices, which are the host's", async () => {
    expect(
      await shell("echo x > /dev/null && head -c 2 /dev/zero | od -An -tx1 && ls /dev && ls -l /dev/null"),
    ).toMatch(
      /^ 00 00\ncore\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\ncrw-rw-rw- .* 1, +3 /,
    );
    expect(await shell("mknod /tmp/null c 1 3")).toContain("Operation not permitted");
  });

  test("start lets it open its own streams again", async () => {
    expect(await shell("echo again > /dev/stdout; echo err > /dev/stderr")).toBe("again\nerr\n");
  });

  test("start mounts what the host's root alone can reach", async () => {
    const secret = join(host.directory, "secret");
    mkdirSync(secret, { mode: 0o700 });
    mkdirSync(join(secret, "data"));
    writeFileSync(join(secret, "data/file"), "reached\n");
    const mounts = [{ destination: "/data", type: "bind", source: `${secret}/data`, options: ["rbind", "ro"] }];
    const params = mapped(host.params(["sh", "-c", "cat /data/file; touch /data/x; ls -ldn /data/file"], { mounts }));
    expect(await runOn(host, params)).toMatch(
      /^reached\n-.* 65534 +65534 .*\ntouch: \/data\/x: Read-only file system\n$/,
    );
  });

  test("start mounts sysfs of a network namespace that the host owns", async () => {
    const params = mapped(host.params(["sh", "-c", "ls /sys/class/net; ls -ldn /sys | tr -s ' ' | cut -d' ' -f3"]));
    host.run("ip", "link", "add", "vtest", "type", "veth", "peer", "name", "vpeer");
    params.config.linux.namespaces = params.config.linux.namespaces.map((namespace) =>
      namespace.type === "network" ? { type: "network", path: "/proc/self/ns/net" } : namespace,
    );
    expect((await runOn(host, params)).split("\n")).toEqual(expect.arrayContaining(["lo", "vtest", "vpeer"]));
    host.run("ip", "link", "delete", "vtest");
  });

  test("start takes several ranges, and leaves what no range has unmapped", async () => {
    const uids = [
      { containerID: 0, hostID: 300_000, size: 10 },
      { containerID: 1000, hostID: 400_000, size: 1 },
    ];
    const params = mapped(host.params(["sleep", "1000"], { process: { user: { uid: 1000, gid: 3 } } }), uids, uids);
    const { pid } = await host.client.call("start", params);
    expect(host.run("cat", `/proc/${pid}/status`)).toMatch(/^Uid:\t400000\t.*\nGid:\t300003\t/m);
    await host.client.call("remove", { containerId: params.containerId });
  });

  test("start leaves out the group of terminals when no range has it", async () => {
    const one = [{ containerID: 0, hostID: 300_000, size: 1 }];
    expect(await runOn(host, mapped(host.params(["ls", "-ldn", "/dev/pts"]), one, one))).toMatch(/ 0 +0 /);
  });

  test("start takes a directory as its root, as it is", async () => {
    const { overlay: _overlay, ...params } = mapped(
      host.params(["sh", "-c", "ls -ldn /bin/busybox; id -u; ls /sys | wc -l"]),
    );
    makeRootfs(params.config.root.path);
    expect(await runOn(host, params)).toMatch(/ 65534 +65534 .*\n0\n[1-9]\d*\n$/);
  });

  test("start opens a terminal, with job control", async () => {
    const params = mapped(
      host.params(["sh", "-c", "tty; ls -ln $(tty); sleep 1000 & jobs"], { process: { terminal: true } }),
    );
    expect(await runOn(host, params)).toMatch(/^\/dev\/pts\/0\r\ncrw--w---- .* 0 +5 /);
  });

  test("start needs something to map", async () => {
    await expect(host.client.call("start", mapped(host.params(["true"]), []))).rejects.toThrow(
      "Cannot make a user namespace: linux.uidMappings or linux.gidMappings is empty",
    );
  });

  test("start tells when the kernel refuses a mapping", async () => {
    const bad = [...RANGE, ...RANGE];
    await expect(host.client.call("start", mapped(host.params(["true"]), bad))).rejects.toThrow(/uid_map: EINVAL/);
  });
});

describe("exec into a container with a user namespace", () => {
  test("exec enters all its namespaces as root or another user of it", async () => {
    const params = mapped(host.params(["sleep", "1000"]));
    const { containerId } = params;
    await host.client.call("start", params);
    const script =
      "id -u; id -g; echo again > /dev/stdout; cat /proc/self/uid_map; for n in user pid mnt uts ipc net cgroup; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] || echo $n; done";
    const exec = async (user: { uid: number; gid: number }) => {
      const process = { ...params.config.process, args: ["sh", "-c", script], user };
      const stream = await host.client.openStream("exec", { containerId, process, stdin: false, detach: false });
      const { stdout, stderr } = await collectStream(stream);
      return stdout.toString().replace(/ +/g, " ") + stderr.toString();
    };
    expect(await exec({ uid: 0, gid: 0 })).toBe("0\n0\nagain\n 0 231072 65536\n");
    expect(await exec({ uid: 1000, gid: 100 })).toMatch(/^1000\n100\nagain\n 0 231072 65536\n/);
    await host.client.call("remove", { containerId });
  });
});

describe("a runtime that comes later, or cannot fork", () => {
  test("adopts a container with a user namespace, runs commands in it, and hears of its end", async () => {
    await using other = await RuntimeHost.create({ reaps: true });
    const params = mapped(other.params(["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"]));
    const { containerId } = params;
    await other.client.call("start", params);
    await other.killRuntime();
    await other.startRuntime();
    const process = { ...params.config.process, args: ["cat", "/proc/self/uid_map"] };
    const stream = await other.client.openStream("exec", { containerId, process, stdin: false, detach: false });
    expect((await collectStream(stream)).stdout.toString()).toContain("231072");
    const exited = other.exited(containerId);
    await other.client.call("signal", { containerId, signal: 15 });
    expect(await exited).toBe(7);
    await other.client.call("remove", { containerId });
  });

  test("starts one the slow way too, and further processes in it", async () => {
    await using slow = await RuntimeHost.create({ env: { NETD_RUNTIME_TEST_CRASH_FORKS: "100" } });
    const params = mapped(slow.params(["sleep", "1000"]));
    const { containerId } = params;
    const { pid, slow: isSlow } = await slow.client.call("start", params);
    expect(isSlow).toBe(true);
    expect(slow.run("cat", `/proc/${pid}/status`)).toMatch(/^Uid:\t231072\t/m);
    const process = { ...params.config.process, args: ["id", "-u"] };
    const stream = await slow.client.openStream("exec", { containerId, process, stdin: false, detach: false });
    expect((await collectStream(stream)).stdout.toString()).toBe("0\n");
    await slow.client.call("remove", { containerId });
  });
});
