import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciMount } from "../../../src/runtime/index.ts";
import type { ContainerOptions } from "../../support/container-params.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Run a script in a container and return what it printed. */
async function shell(script: string, options: ContainerOptions = {}): Promise<string> {
  const { stdout, stderr } = await host.runContainer(["sh", "-c", script], options);
  return stdout.toString() + stderr.toString();
}

/** Make a directory of the host with a file in it. */
function makeSource(name: string): string {
  const path = join(host.directory, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "file"), "content\n");
  return path;
}

describe("mounts as runc has them", () => {
  test.each<[string, (source: string) => OciMount[]]>([
    ["a bind", (source) => [{ destination: "/a", source, options: ["bind"] }]],
    ["a bind of type none", (source) => [{ destination: "/a", type: "none", source, options: ["rbind", "rw"] }]],
    ["a private bind, read-only", (source) => [bind(source, "rbind", "rprivate", "ro")]],
    [
      "a bind with all flags",
      (source) => [bind(source, "bind", "ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime")],
    ],
    ["a bind with relatime", (source) => [bind(source, "bind", "relatime", "nosuid")]],
    ["a bind with strictatime", (source) => [bind(source, "bind", "strictatime")]],
    ["a bind that takes flags back", (source) => [bind(source, "bind", "ro", "nosuid", "rw", "suid")]],
    [
      "a bind with recursive flags",
      (source) => [bind(source, "rbind", "rro", "rnosuid", "rnodev", "rnoexec", "rnoatime")],
    ],
    ["recursive flags taken back", (source) => [bind(source, "rbind", "ro", "noexec", "rrw", "rexec", "rstrictatime")]],
    [
      "shared and slave binds",
      (source) => [bind(source, "rbind", "rshared"), { ...bind(source, "bind", "slave"), destination: "/b" }],
    ],
    ["an unbindable bind", (source) => [bind(source, "bind", "unbindable")]],
    ["a bind of a file", (source) => [bind(`${source}/file`, "bind", "ro")]],
    ["a tmpfs with options", () => [tmpfs("nosuid", "noexec", "size=64k", "mode=1700", "uid=5", "nr_inodes=10")]],
    ["a tmpfs, read-only", () => [tmpfs("ro", "nodev", "size=64k")]],
    ["a tmpfs, synchronous", () => [tmpfs("sync", "dirsync", "lazytime", "noatime")]],
    ["a tmpfs with old flags", () => [tmpfs("iversion", "silent", "nodev", "size=64k")]],
    ["a tmpfs over a directory of the image", () => [{ ...tmpfs("nosuid"), destination: "/tmp" }]],
    ["a tmpfs in a tmpfs, read-only", () => [tmpfs("ro", "mode=755"), { ...tmpfs("ro"), destination: "/a/b" }]],
    ["a remount of a bind", (source) => [bind(source, "bind"), bind(source, "bind", "remount", "ro", "nodev")]],
    ["a remount of a tmpfs", () => [tmpfs("size=64k"), tmpfs("remount", "size=128k", "ro")]],
    [
      "mqueue and devpts",
      () => [
        { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
        {
          destination: "/a",
          type: "devpts",
          source: "devpts",
          options: ["newinstance", "ptmxmode=0600", "mode=0600", "gid=7"],
        },
      ],
    ],
    ["sysfs, read-only", () => [{ destination: "/a", type: "sysfs", source: "sysfs", options: ["ro", "nosuid"] }]],
    ["proc again", () => [{ destination: "/a", type: "proc", source: "proc", options: ["hidepid=2"] }]],
  ])("planMounts makes of %s what runc makes of it", async (_name, mountsOf) => {
    const mounts = mountsOf(makeSource("source"));
    const ours = await mountinfoOf(mounts, "ours");
    expect(ours).toEqual(await mountinfoOf(mounts, "runc"));
    expect(ours.length).toBeGreaterThan(3);
  });
});

describe("mounts beyond runc's", () => {
  test("planMounts copies what is under a tmpfs into it, with owners, modes, links and devices", async () => {
    const layer = join(host.directory, "copied");
    host.run(
      "sh",
      "-euc",
      `mkdir -p ${layer}/srv/d/e && cd ${layer}/srv/d && echo text >f && chmod 4751 f && chown 7:8 f && ln -s f l && mknod n c 1 3 && mkfifo p && chmod 1777 e && dd if=/dev/zero of=big bs=1M count=20 2>/dev/null`,
    );
    const look = "cd /srv/d && stat -c '%n %a %u %g %s %F' . f n p e big && ls -l l";
    const options = { layers: [join(host.directory, "busybox"), layer] };
    const wanted = await shell(look, options);
    const mounts = [{ destination: "/srv/d", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "size=40m"] }];
    const found = await shell(`${look}; echo more >>f; cat f; grep -c /srv/d /proc/mounts`, { ...options, mounts });
    const withoutSizes = (text: string) => text.replace(/^(\. 755 0 0|e 1777 0 0) \d+/gm, "$1");
    expect(withoutSizes(found)).toBe(`${withoutSizes(wanted)}text\nmore\n1\n`);
  });

  test("planMounts shows other owners through a mount with mapped ids, and keeps those of the files", async () => {
    const source = makeSource("mapped");
    host.run("chown", "1000:2000", join(source, "file"));
    const mappings = {
      uidMappings: [{ containerID: 1000, hostID: 5, size: 1 }],
      gidMappings: [{ containerID: 2000, hostID: 6, size: 1 }],
    };
    const mounts = [{ ...bind(source, "bind", "idmap"), ...mappings }];
    expect(await shell("stat -c '%u %g' /a/file; cat /proc/mounts | grep -o ' /a .*idmapped'", { mounts })).toMatch(
      /^5 6\n \/a .*idmapped\n$/,
    );
    expect(await shell("stat -c '%u %g' /a/file", { mounts: [{ ...bind(source, "bind"), ...mappings }] })).toBe(
      "5 6\n",
    );
    expect(host.run("stat", "-c", "%u %g", join(source, "file"))).toBe("1000 2000\n");
  });

  test("planMounts maps the ids of mounts below too with ridmap", async () => {
    const source = makeSource("mapped-tree");
    mkdirSync(join(source, "below"));
    host.run("mount", "-t", "tmpfs", "tmpfs", join(source, "below"));
    host.run("chown", "1000:2000", join(source, "below"));
    const one = { containerID: 0, hostID: 0, size: 1 };
    const mappings = {
      uidMappings: [one, { containerID: 1000, hostID: 5, size: 1 }],
      gidMappings: [one, { containerID: 2000, hostID: 6, size: 1 }],
    };
    const owner = (option: string) =>
      shell("stat -c '%u %g' /a/below", { mounts: [{ ...bind(source, "rbind", option), ...mappings }] });
    expect(await owner("ridmap")).toBe("5 6\n");
    expect(await owner("idmap")).toBe("1000 2000\n");
    host.run("umount", join(source, "below"));
  });

  test("planMounts refuses mapped ids without mappings, tmpcopyup on a bind, a bind without a source, and a label", async () => {
    const source = makeSource("refused");
    await expect(shell("true", { mounts: [bind(source, "bind", "idmap")] })).rejects.toThrow(
      /mounts\[7\]: mapped ids need/,
    );
    await expect(shell("true", { mounts: [bind(source, "bind", "tmpcopyup")] })).rejects.toThrow(/belongs to a tmpfs/);
    await expect(shell("true", { mounts: [bind("", "bind")] })).rejects.toThrow(/needs a source/);
    const params = host.params(["true"]);
    params.config.linux.mountLabel = "system_u:object_r:container_file_t:s0";
    await expect(host.client.call("start", params)).rejects.toThrow(/SELinux is not supported/);
  });

  test("planMounts passes options on to the file system, and tells what that says of them", async () => {
    await expect(shell("true", { mounts: [tmpfs("flavour=sweet")] })).rejects.toThrow(/flavour/);
    const long = `lowerdir=${"/".repeat(300)}etc`;
    const overlay = { destination: "/a", type: "overlay", source: "overlay", options: [`${long}:/usr`] };
    expect(await shell("ls /a/passwd", { mounts: [overlay] })).toBe("/a/passwd\n");
  });

  test("planMounts mounts over the root, which becomes the root", async () => {
    const mounts = [{ destination: "/", type: "bind", source: join(host.directory, "busybox"), options: ["bind"] }];
    const params = host.params(["sh", "-c", "echo here >/x; ls -d /proc/1"], { mounts });
    params.config.mounts = mounts;
    params.config.linux.maskedPaths = [];
    params.config.linux.readonlyPaths = [];
    const { stderr } = await collectStream(await host.client.openStream("start", params));
    await host.client.call("remove", { containerId: params.containerId });
    expect(stderr.toString()).toMatch(/proc\/1: No such file/);
    expect(host.run("cat", join(host.directory, "busybox/x"))).toBe("here\n");
  });
});

describe("linux.rootfsPropagation", () => {
  test.each(["shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", undefined] as const)(
    "planRootEntry shares the root as %s says, as runc does",
    async (propagation) => {
      const set = (config: StartConfig) => {
        if (propagation !== undefined) config.linux.rootfsPropagation = propagation;
      };
      const ours = await mountinfoOf([], "ours", set);
      // runc 1.1 takes these words, and leaves the root private.
      if (propagation === "unbindable" || /shared/.test(propagation ?? "")) {
        expect(ours.find((line) => line.includes(" | / | "))).toContain(propagation!.replace(/^r/, ""));
      } else expect(ours).toEqual(await mountinfoOf([], "runc", set));
    },
  );

  test("planRootEntry lets a mount of the container through to the host, and takes its own away", async () => {
    const shared = join(host.directory, "shared");
    mkdirSync(join(shared, "m"), { recursive: true });
    host.run("mount", "-t", "tmpfs", "tmpfs", shared);
    host.run("mount", "--make-shared", shared);
    host.run("mkdir", join(shared, "m"));
    const sets = ["CAP_SYS_ADMIN"];
    const params = host.params(["sh", "-c", "mount -t tmpfs seen /a/m && echo done"], {
      mounts: [bind(shared, "rbind", "rshared")],
      process: { capabilities: { bounding: sets, effective: sets, permitted: sets, inheritable: [], ambient: [] } },
    });
    params.config.linux.rootfsPropagation = "rshared";
    const { stdout, stderr } = await collectStream(await host.client.openStream("start", params));
    await host.client.call("remove", { containerId: params.containerId });
    expect(stderr.toString() + stdout.toString()).toBe("done\n");
    const mounts = host.run("cat", "/proc/mounts");
    expect(mounts).toContain(`seen ${shared}/m tmpfs`);
    expect(mounts).not.toContain("container-");
    expect(mounts).toMatch(/^proc \/proc proc/m);
    host.run("umount", `${shared}/m`, shared);
  });
});

describe("a root that can't be pivoted to", () => {
  test("planRootEntry moves the root over the host's, and leaves no way to the host's /proc", async () => {
    const params = {
      ...host.params(["sh", "-c", "ls -d /home; cut -d ' ' -f 2,3 /proc/mounts | sort; pwd"]),
      isRootMoved: true,
    };
    delete params.config.linux.rootfsPropagation;
    const { stdout, stderr } = await collectStream(await host.client.openStream("start", params));
    await host.client.call("remove", { containerId: params.containerId });
    expect(stderr.toString()).toMatch(/\/home: No such file/);
    expect(stdout.toString()).toMatch(/^\/ overlay$/m);
    expect(stdout.toString().match(/^\/proc proc$/gm)).toHaveLength(1);
    expect(stdout.toString().endsWith("/\n")).toBe(true);
    expect(host.run("cat", "/proc/mounts")).toMatch(/^proc \/proc proc/m);
  });

  test("planRootEntry refuses a private root with it", async () => {
    const params = { ...host.params(["true"]), isRootMoved: true };
    params.config.linux.rootfsPropagation = "private";
    await expect(host.client.call("start", params)).rejects.toThrow(/without pivot_root/);
  });
});

function bind(source: string, ...options: string[]): OciMount {
  return { destination: "/a", type: "bind", source, options };
}

function tmpfs(...options: string[]): OciMount {
  return { destination: "/a", type: "tmpfs", source: "tmpfs", options };
}

/** What a container with these mounts sees in /proc/self/mountinfo, without numbers; its root is a plain directory. */
async function mountinfoOf(
  mounts: OciMount[],
  by: "ours" | "runc",
  change: (config: StartConfig) => void = () => {},
): Promise<string[]> {
  const params = host.params(["cat", "/proc/self/mountinfo"]);
  const { config } = params;
  const bundle = join(config.root.path, "..");
  host.run("cp", "-a", `${host.directory}/busybox/.`, config.root.path);
  config.mounts = [
    ...config.mounts.filter(
      ({ destination, type }) => type !== "cgroup" && !mounts.some((mount) => mount.destination === destination),
    ),
    ...mounts,
  ];
  delete config.linux.rootfsPropagation;
  config.linux.maskedPaths = [];
  change(config);
  const { overlay: _overlay, ...plain } = params;
  if (by === "ours") {
    const result = await collectStream(await host.client.openStream("start", plain));
    await host.client.call("remove", { containerId: params.containerId });
    return normalize(result.stdout.toString());
  }
  writeFileSync(join(bundle, "config.json"), JSON.stringify({ ...config, ociVersion: "1.0.2" }));
  const output = host.run(
    "runc",
    "--root",
    join(bundle, "state"),
    "run",
    "--bundle",
    bundle,
    params.containerId.slice(0, 20),
  );
  // Empty ones that runc leaves in hierarchies that we have no use for.
  for (const hierarchy of readdirSync("/sys/fs/cgroup")) {
    spawnSync("rmdir", [`/sys/fs/cgroup/${hierarchy}${host.cgroupParent}`], { stdio: "ignore" });
  }
  return normalize(output);
}

type StartConfig = ReturnType<RuntimeHost["params"]>["config"];

function normalize(mountinfo: string): string[] {
  return mountinfo
    .trim()
    .split("\n")
    .map((line) => {
      const [left = "", right = ""] = line.split(" - ");
      const [, , , root = "", point, options, ...tags] = left.split(" ");
      const [type, source, superblock] = right.split(" ");
      const shared = tags.map((tag) => tag.replace(/:\d+/, "")).join(" ");
      return [
        root.replace(/container-\d+/, "container"),
        point,
        options,
        shared,
        type,
        source,
        superblock?.replace(/,?inode64/, ""),
      ].join(" | ");
    })
    .sort();
}
