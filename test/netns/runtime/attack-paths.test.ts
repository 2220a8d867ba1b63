/**
 * Images and processes that try to have the runtime mount, hide, make or enter something outside of the container.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchangePaths } from "../../support/exchange-paths.ts";
import { makeRootfs, RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

let host: RuntimeHost;
/** A directory of the host that no container may reach. */
let outside: string;

beforeAll(async () => {
  host = await RuntimeHost.create();
  outside = join(host.directory, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "of the host");
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** An image of busybox in which `path` is a symlink. */
function imageWithLink(path: string, target: string): string[] {
  const layer = mkdtempSync(join(host.directory, "layer-"));
  makeRootfs(layer);
  rmSync(join(layer, path), { recursive: true, force: true });
  mkdirSync(join(layer, path, ".."), { recursive: true });
  symlinkSync(target, join(layer, path));
  return [layer];
}

type Options = Parameters<RuntimeHost["runContainer"]>[1];

async function shell(script: string, options: Options = {}): Promise<string> {
  const { stdout, stderr } = await host.runContainer(["sh", "-c", script], options);
  return stdout.toString() + stderr.toString();
}

describe("symlinks of a hostile image (CVE-2019-19921, CVE-2025-31133, CVE-2025-52565)", () => {
  test.each(["proc", "sys", "dev"])("start refuses an image whose /%s is a symlink", async (name) => {
    for (const target of ["tmp", "/tmp", outside, "../../../../.."]) {
      await expect(shell("true", { layers: imageWithLink(name, target) })).rejects.toThrow(
        new RegExp(`Cannot mount on "/${name}": it is a symlink`),
      );
    }
    expect(host.run("cat", "/proc/self/mountinfo")).not.toContain(outside);
  });

  test("start refuses a mount target that is a symlink, and one below a symlink stays in the image", async () => {
    const mounts = [{ destination: "/data", type: "bind", source: outside, options: ["rbind"] }];
    await expect(shell("true", { layers: imageWithLink("data", "/etc"), mounts })).rejects.toThrow(
      /"\/data": it is a symlink/,
    );
    const below = [{ destination: "/data/made", type: "bind", source: join(outside, "secret"), options: ["bind"] }];
    expect(await shell("cat /tmp/made", { layers: imageWithLink("data", "../../../tmp"), mounts: below })).toBe(
      "of the host",
    );
    const away = imageWithLink("data", `../../../../../..${outside}`);
    await expect(shell("true", { layers: away, mounts: below })).rejects.toThrow(/a symlink to nothing/);
    expect(readdirSync(outside)).toEqual(["secret"]);
  });

  test("start refuses to hide or protect a path that is a symlink", async () => {
    const params = host.params(["true"], { layers: imageWithLink("hidden", "/bin/busybox") });
    for (const key of ["maskedPaths", "readonlyPaths"] as const) {
      const linux = { ...params.config.linux, maskedPaths: [], readonlyPaths: [], [key]: ["/hidden"] };
      const started = host.client.call("start", { ...params, config: { ...params.config, linux } });
      await expect(started).rejects.toThrow(/"\/hidden": it is a symlink/);
    }
  });

  test("start hides what a path without links leads to in /proc itself, whatever else is mounted", async () => {
    expect(await shell("wc -c < /proc/keys; wc -c < /proc/timer_list")).toBe("0\n0\n");
    expect(await shell("stat -c %t:%T /proc/keys; grep ' /proc/keys ' /proc/mounts | cut -d ' ' -f 1")).toMatch(
      /^1:3\n/,
    );
  });

  test("start puts the terminal on a /dev/console of its own, not where a link of the image's /dev leads", async () => {
    const params = host.params(["sh", "-c", "ls -l /dev/console"], {
      layers: imageWithLink("dev/console", join(outside, "secret")),
      process: { terminal: true },
    });
    const config = {
      ...params.config,
      mounts: params.config.mounts.filter(({ destination }) => !destination.startsWith("/dev")),
    };
    await expect(host.client.openStream("start", { ...params, config })).rejects.toThrow(/\/dev\/(console|pts)/);
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("of the host");
  });

  test("start asks no /dev/pts of the image's for a terminal", async () => {
    const layer = mkdtempSync(join(host.directory, "layer-"));
    makeRootfs(layer);
    mkdirSync(join(layer, "dev/pts"), { recursive: true });
    writeFileSync(join(layer, "dev/pts/ptmx"), "");
    const params = host.params(["true"], { layers: [layer], process: { terminal: true } });
    const config = {
      ...params.config,
      mounts: params.config.mounts.filter(({ destination }) => !destination.startsWith("/dev")),
    };
    await expect(host.client.openStream("start", { ...params, config })).rejects.toThrow(/not a devpts file system/);
  });
});

describe("a host's /dev/null that is none", () => {
  test("start hides nothing behind it", async () => {
    await using own = await RuntimeHost.create();
    own.run("sh", "-c", "mount -t tmpfs tmpfs /mnt && cp /etc/passwd /mnt/fake && mount --bind /mnt/fake /dev/null");
    const params = own.params(["true"]);
    const config = { ...params.config, process: { ...params.config.process, terminal: true } };
    await expect(own.client.openStream("start", { ...params, config })).rejects.toThrow(
      /\/dev\/null is not the null device/,
    );
  });
});

describe("the working directory (CVE-2024-21626)", () => {
  const descriptors = Array.from({ length: 22 }, (_, fd) => fd + 3);

  test("start and exec refuse a working directory below /proc/self/fd, by every way to it", async () => {
    const params = host.params(["sleep", "100"]);
    await host.client.call("start", params);
    const layers = imageWithLink("way", "/proc/self/fd");
    for (const fd of descriptors) {
      for (const cwd of [
        `/proc/self/fd/${fd}`,
        `/proc/self/fd/${fd}/../../..`,
        `/proc/1/fd/${fd}`,
        `/proc/thread-self/fd/${fd}`,
      ]) {
        await expect(shell("pwd -P; ls", { process: { cwd } }), cwd).rejects.toThrow(/Cannot /);
        const process = { ...params.config.process, cwd, args: ["sh", "-c", "pwd -P; ls"] };
        const exec = { containerId: params.containerId, process, stdin: false, detach: false };
        await expect(host.client.openStream("exec", exec), cwd).rejects.toThrow(/Cannot chdir/);
      }
    }
    await expect(shell("pwd", { layers, process: { cwd: "/way/7" } })).rejects.toThrow(/Cannot /);
    await host.client.call("remove", { containerId: params.containerId });
  });

  test("exec ends up inside, at a path that getcwd knows", async () => {
    expect(await shell("readlink /proc/self/cwd; pwd -P", { process: { cwd: "/tmp/../tmp" } })).toBe("/tmp\n/tmp\n");
  });
});

describe("a directory that an attacker shares and changes (CVE-2024-45310, CVE-2019-19921)", () => {
  /** Rounds against the attacker; a hole is found in the first few. */
  const ROUNDS = 40;

  test("start makes and mounts nothing outside while a volume's directory and a symlink are exchanged", async () => {
    const shared = join(host.directory, "shared");
    mkdirSync(join(shared, "swap"), { recursive: true });
    symlinkSync(outside, join(shared, "link"));
    await using _attacker = await exchangePaths(join(shared, "swap"), join(shared, "link"));
    for (let round = 0; round < ROUNDS; round++) {
      const mounts = [
        { destination: "/shared", type: "bind", source: shared, options: ["rbind"] },
        { destination: `/shared/swap/${round}/below`, type: "tmpfs", source: "tmpfs", options: ["mode=755"] },
        { destination: `/shared/swap/file-${round}`, type: "bind", source: "/etc/hostname", options: ["bind"] },
      ];
      // Refused or done: what matters is where.
      await shell("true", { mounts, process: { cwd: `/shared/swap/cwd-${round}` } }).catch(() => "refused");
    }
    expect(readdirSync(outside)).toEqual(["secret"]);
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("of the host");
  });

  test("start hides paths in the proc that it mounted while /proc is exchanged with an imitation", async () => {
    const root = join(host.directory, "exchanged");
    makeRootfs(root);
    mkdirSync(join(root, "fake/sys"), { recursive: true });
    for (const name of ["kcore", "keys", "timer_list"]) writeFileSync(join(root, "fake", name), "imitation");
    await using _attacker = await exchangePaths(join(root, "proc"), join(root, "fake"));
    const probe =
      "for d in /proc /fake; do (cd $d && [ -e 1/stat ] && { wc -c <keys; echo x 2>/dev/null >sys/kernel/domainname && echo WRITTEN; }); done; true";
    const seen = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const { overlay: _overlay, ...params } = host.params(["sh", "-c", probe]);
      const config = { ...params.config, root: { path: root } };
      try {
        const { stdout } = await collectStream(await host.client.openStream("start", { ...params, config }));
        seen.add(stdout.toString());
      } catch (error) {
        seen.add(`refused: ${String(error)}`);
      }
      await host.client.call("remove", { containerId: params.containerId });
    }
    const allowed = [...seen].filter((text) => !text.startsWith("refused"));
    expect(allowed.filter((text) => !/^(0\n)*$/.test(text))).toEqual([]);
    expect(allowed).toContain("0\n");
  });
});

describe("what a container sees of its mounts", () => {
  test("mountinfo names paths of the host only where docker does: the overlay's layers and the sources of binds", async () => {
    const lines = (await shell("cat /proc/self/mountinfo")).trim().split("\n");
    const foreign = lines.filter((line) => line.includes(host.directory));
    expect(foreign).toHaveLength(1);
    expect(foreign[0]).toMatch(/ \/ \/ .* - overlay overlay /);
  });
});
