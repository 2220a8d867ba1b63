import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VolumeInfo } from "../../src/api/index.ts";
import { SANDBOX_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Run lines of sh in a container with these options and return what they print. */
async function inside(options: string[], script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.netctl("run", "--rm", ...options, "busybox", "sh", "-c", script);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

async function volumes(): Promise<string[]> {
  return (await sandbox.ok("volume", "ls", "-q")).split("\n").filter((name) => name !== "");
}

const at = (name: string) => `${SANDBOX_DIR}/${name}`;

describe("netctl run -v and --mount", () => {
  test("-v makes a directory of the host that is missing, --mount refuses to", async () => {
    expect(await inside(["-v", `${at("made/here")}:/x`], "echo hello >/x/f; stat -c '%a %u' /x")).toBe("755 0\n");
    expect((await sandbox.sh(`cat ${at("made/here/f")}`)).stdout).toBe("hello\n");
    const missing = ["--mount", `type=bind,source=${at("missing")},target=/x`];
    const { exitCode, stderr } = await sandbox.netctl("run", "--rm", ...missing, "busybox", "true");
    expect({ exitCode, stderr }).toEqual({ exitCode: 125, stderr: expect.stringContaining("there is no such file") });
    expect((await sandbox.sh(`ls -d ${at("missing")}`)).exitCode).not.toBe(0);
    expect((await sandbox.netctl("ps", "-aq")).stdout).toBe("");
  });

  test("-v and --mount forbid writing with ro, below too", async () => {
    await sandbox.sh(`mkdir -p ${at("tree/below")} && mount -t tmpfs tmpfs ${at("tree/below")}`);
    for (const options of [
      ["-v", `${at("tree")}:/x:ro`],
      ["--mount", `type=bind,src=${at("tree")},dst=/x,readonly`],
    ]) {
      expect(await inside(options, "touch /x/f 2>&1; touch /x/below/f 2>&1; true")).toBe(
        "touch: /x/f: Read-only file system\ntouch: /x/below/f: Read-only file system\n",
      );
    }
    expect(
      await inside(["--mount", `type=bind,src=${at("tree")},dst=/x,bind-nonrecursive`], "mount | grep -c ' /x'"),
    ).toBe("1\n");
    await sandbox.sh(`umount ${at("tree/below")}`);
  });

  test("-v with rshared lets mounts through to the host, and rslave lets them in", async () => {
    await sandbox.sh(
      `mkdir -p ${at("shared")} && mount -t tmpfs tmpfs ${at("shared")} && mount --make-shared ${at("shared")} && mkdir ${at("shared/m")} ${at("shared/n")}`,
    );
    const cap = ["--cap-add", "SYS_ADMIN"];
    await inside([...cap, "-v", `${at("shared")}:/x:rshared`], "mount -t tmpfs out /x/m");
    expect((await sandbox.sh(`grep -c '^out ${at("shared/m")} ' /proc/mounts`)).stdout).toBe("1\n");
    await sandbox.ok("run", "-d", "--name", "slave", "-v", `${at("shared")}:/x:rslave`, "busybox", "sleep", "60");
    await sandbox.sh(`mount -t tmpfs in ${at("shared/n")}`);
    expect(await sandbox.ok("exec", "slave", "grep", "-c", "^in /x/n ", "/proc/mounts")).toBe("1\n");
    await sandbox.ok("rm", "-f", "slave");
    await sandbox.sh(`umount ${at("shared/m")} ${at("shared/n")} ${at("shared")}`);
  });

  test("--tmpfs and --mount type=tmpfs mount empty file systems, noexec unless told otherwise", async () => {
    const mounts = "grep ' /t' /proc/mounts | cut -d ' ' -f 2-4";
    expect(await inside(["--tmpfs", "/t"], mounts)).toMatch(/^\/t tmpfs rw,nosuid,nodev,noexec,relatime/);
    expect(await inside(["--tmpfs", "/t:exec,size=64k,mode=700"], mounts)).toMatch(
      /^\/t tmpfs rw,nosuid,nodev,relatime,size=64k,mode=700/,
    );
    expect(await inside(["--mount", "type=tmpfs,target=/t,tmpfs-size=64k,tmpfs-mode=1770"], mounts)).toMatch(
      /noexec,relatime,size=64k,mode=1770/,
    );
    expect(await inside(["--shm-size", "1m"], "df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2")).toBe(
      "1024\n",
    );
  });

  test("--read-only leaves mounts as they are", async () => {
    const script = "touch /x /etc/hosts /data/x /t/x /dev/shm/x 2>&1; true";
    expect(await inside(["--read-only", "-v", "/data", "--tmpfs", "/t"], script)).toBe(
      "touch: /x: Read-only file system\ntouch: /etc/hosts: Read-only file system\n",
    );
  });
});

describe("volumes", () => {
  test("-v NAME:TARGET makes a volume that outlives its containers", async () => {
    await inside(["-v", "data:/data"], "echo kept >/data/f");
    expect(await inside(["-v", "data:/data:ro"], "cat /data/f; touch /data/g 2>&1; true")).toBe(
      "kept\ntouch: /data/g: Read-only file system\n",
    );
    const [info] = JSON.parse(await sandbox.ok("volume", "inspect", "data")) as VolumeInfo[];
    expect(info).toMatchObject({
      name: "data",
      driver: "local",
      scope: "local",
      mountpoint: `${STATE_DIR}/volumes/data/_data`,
      anonymous: false,
      containers: [],
    });
    expect(await sandbox.ok("volume", "rm", "data")).toBe("data\n");
    expect((await sandbox.sh(`ls ${STATE_DIR}/volumes`)).stdout).toBe("");
  });

  test("an empty volume gets what the image has in its place, with owners and modes, and another does not", async () => {
    await sandbox.ok("run", "--name", "seed", "busybox", "sh", "-c", "true");
    await sandbox.ok("rm", "seed");
    const look = "stat -c '%a %u %n' /bin /bin/sh; ls /bin | wc -l";
    const image = await inside([], look);
    expect(await inside(["-v", "filled:/bin"], look)).toBe(image);
    expect(await inside(["--mount", "src=empty,dst=/srv,volume-nocopy"], "ls -A /srv")).toBe("");
    expect(await inside(["-v", "filled:/x"], "rm -r /x/*; touch /x/only")).toBe("");
    expect(await inside(["-v", "filled:/etc/new"], "ls /etc/new")).toBe("only\n");
    await sandbox.ok("volume", "rm", "filled", "empty");
  });

  test("volume rm refuses while a container has the volume, and names it", async () => {
    await sandbox.ok("create", "--name", "holder", "-v", "held:/data", "busybox", "true");
    const { exitCode, stderr } = await sandbox.netctl("volume", "rm", "held");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("container 'holder' has it") });
    expect(await sandbox.ok("volume", "ls", "-q", "--filter", "dangling=true")).toBe("");
    await sandbox.ok("rm", "holder");
    expect(await sandbox.ok("volume", "ls", "-q", "--filter", "dangling=true")).toBe("held\n");
    await sandbox.ok("volume", "rm", "held");
  });

  test("anonymous volumes go with --rm and rm -v, and stay with rm", async () => {
    await inside(["-v", "/data"], "touch /data/x");
    expect(await volumes()).toEqual([]);
    await sandbox.ok("run", "--name", "one", "-v", "/data", "-v", "named:/n", "busybox", "true");
    await sandbox.ok("rm", "-v", "one");
    expect(await volumes()).toEqual(["named"]);
    await sandbox.ok("run", "--name", "two", "-v", "/data", "busybox", "true");
    await sandbox.ok("rm", "two");
    expect(await volumes()).toHaveLength(2);
    expect(await sandbox.ok("volume", "prune", "-f")).toMatch(
      /^Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: /,
    );
    expect(await sandbox.ok("volume", "prune", "--all", "-f")).toContain("\nnamed\n");
    expect(await volumes()).toEqual([]);
  });

  test("--volumes-from mounts what another container has, read-only on request", async () => {
    await sandbox.ok(
      "run",
      "--name",
      "source",
      "-v",
      "shared-data:/data",
      "-v",
      "/own",
      "busybox",
      "sh",
      "-c",
      "echo a >/data/f; echo b >/own/f",
    );
    expect(await inside(["--volumes-from", "source:ro"], "cat /data/f /own/f; touch /data/g 2>&1; true")).toBe(
      "a\nb\ntouch: /data/g: Read-only file system\n",
    );
    expect(await volumes()).toHaveLength(2);
    await sandbox.ok("rm", "-v", "source");
    await sandbox.ok("volume", "rm", "shared-data");
    expect(await volumes()).toEqual([]);
  });

  test("volume create is idempotent, takes labels, and makes names", async () => {
    expect(await sandbox.ok("volume", "create", "--label", "tier=front", "made")).toBe("made\n");
    expect(await sandbox.ok("volume", "create", "made")).toBe("made\n");
    const [info] = JSON.parse(await sandbox.ok("volume", "inspect", "made")) as VolumeInfo[];
    expect(info?.labels).toEqual({ tier: "front" });
    const name = (await sandbox.ok("volume", "create")).trim();
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect(await sandbox.ok("volume", "ls")).toMatch(/^DRIVER {3}VOLUME NAME\nlocal {4}/);
    await sandbox.ok("volume", "rm", "made", name);
    const { exitCode, stderr } = await sandbox.netctl("volume", "rm", "made");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("there is none of that name"),
    });
    expect((await sandbox.netctl("volume", "create", "../x")).exitCode).toBe(1);
  });
});

describe("netctl run --device", () => {
  test("--device gives a node with its permissions, and the right to use it", async () => {
    await sandbox.sh(
      `mkdir -p ${at("dev/sub")}; mknod -m 640 ${at("dev/random")} c 1 8; chown 3:4 ${at("dev/random")}; mknod ${at("dev/sub/tun")} c 10 200`,
    );
    expect(
      await inside(
        ["--device", `${at("dev/random")}:/dev/mine:r`],
        "stat -c '%a %u %g %t:%T' /dev/mine; head -c 3 /dev/mine | wc -c",
      ),
    ).toBe("640 3 4 1:8\n3\n");
    const without = await sandbox.netctl("run", "--rm", "busybox", "sh", "-c", "mknod /k c 10 200; exec 3</k");
    expect(without.stderr).toContain("Operation not permitted");
    expect(
      await inside(
        ["--device", `${at("dev")}:/dev/all`],
        "ls /dev/all /dev/all/sub; exec 3</dev/all/sub/tun && echo opened",
      ),
    ).toBe("/dev/all:\nrandom\nsub\n\n/dev/all/sub:\ntun\nopened\n");
  });

  test("--device refuses what is no device", async () => {
    const { exitCode, stderr } = await sandbox.netctl("run", "--rm", "--device", "/etc/passwd", "busybox", "true");
    expect({ exitCode, stderr }).toEqual({ exitCode: 125, stderr: expect.stringContaining("it is no device") });
  });
});
