/**
 * Containers that go for the runtime's own program, descriptors, keys and memory, or for all that the host has.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CAPABILITIES } from "../../../src/kernel/process/index.ts";
import type { StartParams } from "../../../src/runtime/index.ts";
import { makeRootfs, RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

let host: RuntimeHost;
/** A copy of node that runs the runtime: what the attacks go for. */
let node: string;
const directory = mkdtempSync(join(tmpdir(), "netd-attack-"));

beforeAll(async () => {
  node = join(directory, "node");
  copyFileSync(process.execPath, node);
  // Forks that crash at once leave every launch to a fresh node, which is there to be found for a hundred milliseconds.
  host = await RuntimeHost.create({ node, env: { NETD_RUNTIME_TEST_CRASH_FORKS: "1000" } });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const ALL = [...CAPABILITIES];
const EVERYTHING = {
  bounding: ALL,
  effective: ALL,
  permitted: ALL,
  inheritable: [],
  ambient: [],
};

function execParams(params: StartParams, args: string[]) {
  const process = { ...params.config.process, args };
  return { containerId: params.containerId, process, stdin: false, detach: false };
}

/** Looks for processes that are none of the container's, opens their program and writes to it, until somebody makes /stop. */
const HUNT = `
try() {
  [ /proc/self/fd/9 -ef /bin/busybox ] && return
  echo opened
  said=$( (echo OVERWRITTEN 1<>/proc/self/fd/9) 2>&1 ) && echo written
  case $said in *Read-only*|*busy*) echo refused ;; esac
}
while [ ! -e /tmp/stop ]; do
  for p in /proc/[0-9]*; do { try; } 9<$p/exe; done
done 2>/dev/null`;

describe("the runtime's program (CVE-2019-5736)", () => {
  async function hunt(capabilities?: typeof EVERYTHING): Promise<string> {
    const options = capabilities === undefined ? {} : { process: { capabilities } };
    const hunter = host.params(["sh", "-c", HUNT], options);
    const stream = await host.client.openStream("start", hunter);
    const result = collectStream(stream);
    for (let round = 0; round < 5; round++) {
      await collectStream(await host.client.openStream("exec", execParams(hunter, ["true"])));
    }
    await collectStream(await host.client.openStream("exec", execParams(hunter, ["touch", "/tmp/stop"])));
    const { stdout } = await result;
    await host.client.call("remove", { containerId: hunter.containerId });
    return stdout.toString();
  }

  test("exec shows no process of the runtime's to a container that looks for one all the time", async () => {
    expect(await hunt()).toBe("");
  });

  test("exec keeps its program whole even when a container with every capability gets hold of it", async () => {
    const before = readFileSync(node);
    const found = await hunt(EVERYTHING);
    expect(found).toContain("opened");
    expect(found).toContain("refused");
    expect(found).not.toContain("written");
    expect(readFileSync(node).equals(before)).toBe(true);
  });

  test("start of an image whose entry point is '#!/proc/self/exe' gives it nothing to write to", async () => {
    const layer = mkdtempSync(join(host.directory, "layer-"));
    makeRootfs(layer);
    writeFileSync(join(layer, "bin/entry"), "#!/proc/self/exe\n", { mode: 0o755 });
    // What the program would load from the image, if it ran there.
    writeFileSync(join(layer, "entry"), "");
    const { mtimeMs, size } = statSync(node);
    const run = host.runContainer(["/bin/entry"], { layers: [layer], process: { capabilities: EVERYTHING } });
    await run.catch((error: Error) => expect(error.message).toMatch(/interpreter \/proc\/self\/exe/));
    expect(statSync(node)).toMatchObject({ mtimeMs, size });
  });
});

describe("the runtime's descriptors and memory", () => {
  test("start and exec leave a process no descriptor but the three standard streams", async () => {
    await using quick = await RuntimeHost.create();
    for (const one of [host, quick]) {
      const params = one.params(["sleep", "100"]);
      await one.client.call("start", params);
      const listing = execParams(params, ["ls", "/proc/self/fd", "/proc/1/fd"]);
      const { stdout } = await collectStream(await one.client.openStream("exec", listing));
      expect(stdout.toString()).toBe("/proc/1/fd:\n0\n1\n2\n\n/proc/self/fd:\n0\n1\n2\n3\n"); // 3 is what ls reads
      await one.client.call("remove", { containerId: params.containerId });
    }
  });

  test("exec can't be traced from inside, nor its memory read, before it is the container's program", async () => {
    const script = `
      # Whether it is the runtime's still: what was read before was then its too.
      is_theirs() { read -r name <$p/comm && case $name in exe|netd*|node) true ;; *) false ;; esac; }
      look() {
        is_theirs && echo seen || return
        { is_theirs && echo memory; } 9<$p/mem
        { read -r x && is_theirs && echo environ; } <$p/environ
        for fd in $p/fd/*; do [ -e $fd ] && is_theirs && echo $fd; done
      }
      while [ ! -e /tmp/stop ]; do
        for p in /proc/[0-9]*; do look; done
      done 2>/dev/null`;
    const params = host.params(["sh", "-c", script]);
    const result = collectStream(await host.client.openStream("start", params));
    for (let round = 0; round < 5; round++) {
      await collectStream(await host.client.openStream("exec", execParams(params, ["true"])));
    }
    await collectStream(await host.client.openStream("exec", execParams(params, ["touch", "/tmp/stop"])));
    const words = new Set(
      (await result).stdout
        .toString()
        .split("\n")
        .filter((word) => word !== ""),
    );
    expect([...words]).toEqual(["seen"]);
    await host.client.call("remove", { containerId: params.containerId });
  });
});

describe("what belongs to the host", () => {
  test("start gives a container a session keyring of its own, which its exec shares and its neighbour does not", async () => {
    const [one, other] = [host.params(["sleep", "100"]), host.params(["sleep", "100"])];
    const keys = "sed -n 's/ .*_ses.* keyring *//p; s/.* keyring *\\(_ses[^:]*\\).*/\\1/p' /proc/keys";
    const keyringsOf = async (params: StartParams) => {
      const bare = { ...params, config: { ...params.config, linux: { ...params.config.linux, maskedPaths: [] } } };
      await host.client.call("start", bare);
      const { stdout } = await collectStream(
        await host.client.openStream("exec", execParams(params, ["sh", "-c", keys])),
      );
      return stdout.toString().trim().split("\n");
    };
    const [first, second] = [await keyringsOf(one), await keyringsOf(other)];
    expect(first.join()).toContain(one.containerId.slice(0, 8));
    expect(second.join()).toContain(other.containerId.slice(0, 8));
    expect(first.join()).not.toContain(other.containerId.slice(0, 8));
    for (const { containerId } of [one, other]) await host.client.call("remove", { containerId });
  });

  test("start leaves a container no way to the core pattern, module loading or sysrq", async () => {
    const before = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    const script =
      "for f in sys/kernel/core_pattern sys/kernel/modprobe sys/vm/drop_caches sysrq-trigger sys/fs/binfmt_misc/register; do echo '|/x' >/proc/$f; done";
    const { stderr, stdout } = await host.runContainer([
      "sh",
      "-c",
      `${script}; mount -o remount,rw /proc/sys; echo $?`,
    ]);
    expect(stderr.toString().match(/Read-only file system|nonexistent|No such file/g)?.length).toBeGreaterThanOrEqual(
      4,
    );
    expect(stdout.toString()).not.toMatch(/^0$/m);
    expect(readFileSync("/proc/sys/kernel/core_pattern", "utf8")).toBe(before);
  });
});
