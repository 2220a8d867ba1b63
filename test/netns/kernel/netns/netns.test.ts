import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { createNetns, deleteNetns, hasNetns, KernelError, netnsPath, withNetns } from "../../../../src/kernel/index.ts";
import { isPinned, runCommand, TestNetns } from "../../../support/netns.ts";

/** The code under test as one file that plain Node runs. */
function bundleNetns(): { path: string; [Symbol.dispose](): void } {
  const root = resolve(import.meta.dirname, "../../../..");
  const directory = mkdtempSync(join(root, "node_modules/.netns-test-"));
  const path = join(directory, "netns.cjs");
  const options = ["--bundle", "--platform=node", "--format=cjs", "--external:koffi", "--log-level=error"];
  runCommand([
    join(root, "node_modules/.bin/esbuild"),
    join(root, "src/kernel/netns/netns.ts"),
    `--outfile=${path}`,
    ...options,
  ]);
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

const ownNetns = (): string => readlinkSync("/proc/thread-self/ns/net");

describe("createNetns", () => {
  test("createNetns makes a namespace that ip netns lists and nsenter enters", async () => {
    await using netns = TestNetns.reserve();
    createNetns(netns.name);
    expect(isPinned(netns.name)).toBe(true);
    expect(netns.json<{ ifname: string }[]>("ip", "-json", "link").map(({ ifname }) => ifname)).toEqual(["lo"]);
    expect(netns.run("readlink", "/proc/self/ns/net").trim()).not.toBe(ownNetns());
  });

  test("createNetns leaves the thread in its own namespace", async () => {
    await using netns = TestNetns.reserve();
    const before = ownNetns();
    createNetns(netns.name);
    expect(ownNetns()).toBe(before);
  });

  test("createNetns refuses a name that exists, and leaves its namespace alone", async () => {
    await using netns = TestNetns.create();
    const inode = netns.run("readlink", "/proc/self/ns/net");
    expect(() => createNetns(netns.name)).toThrow(
      expect.objectContaining({ code: "NETNS_NAME_TAKEN", remedy: expect.stringContaining(netns.name) }),
    );
    expect(netns.run("readlink", "/proc/self/ns/net")).toBe(inode);
  });

  test("createNetns pins where other mount namespaces see it", async () => {
    await using netns = TestNetns.reserve();
    // A mount namespace that receives what is mounted in ours, as a service manager's would.
    const script = `mount --make-rslave / && "$0" -e 'process.stdin.once("data", () => { console.log(require("fs").statfsSync("${netns.path}").type.toString(16)); process.exit() }); console.log("ready")'`;
    const child = spawn("unshare", ["--mount", "--propagation", "unchanged", "sh", "-c", script, process.execPath], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let output = "";
    const lines = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (output.split("\n").length > count) resolve();
        };
        child.stdout.on("data", look);
        look();
      });
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await lines(1);
    createNetns(netns.name);
    child.stdin.write("look\n");
    await lines(2);
    expect(output).toBe("ready\n6e736673\n");
  });
});

describe("deleteNetns", () => {
  test("deleteNetns unpins a namespace that ip netns added", async () => {
    await using netns = TestNetns.create();
    deleteNetns(netns.name);
    expect(isPinned(netns.name)).toBe(false);
  });

  test("deleteNetns does nothing when there is none", () => {
    expect(() => deleteNetns("netdtest-none")).not.toThrow();
  });

  test("deleteNetns removes a pin whose namespace a crash left unmade", async () => {
    await using netns = TestNetns.reserve();
    writeFileSync(netns.path, "");
    expect(hasNetns(netns.name)).toBe(false);
    deleteNetns(netns.name);
    expect(() => createNetns(netns.name)).not.toThrow();
  });
});

describe("hasNetns", () => {
  test("hasNetns tells a namespace from none", async () => {
    await using netns = TestNetns.create();
    expect([hasNetns(netns.name), hasNetns("netdtest-none")]).toEqual([true, false]);
  });
});

describe("withNetns", () => {
  test("withNetns calls inside and comes back", async () => {
    await using netns = TestNetns.create();
    const before = ownNetns();
    expect(withNetns(netns.name, ownNetns)).toBe(netns.run("readlink", "/proc/self/ns/net").trim());
    expect(withNetns(netns.path, ownNetns)).not.toBe(before);
    expect(ownNetns()).toBe(before);
  });

  test("withNetns comes back when the function throws", async () => {
    await using netns = TestNetns.create();
    const before = ownNetns();
    const fail = (): never => {
      throw new Error("inside");
    };
    expect(() => withNetns(netns.name, fail)).toThrow("inside");
    expect(ownNetns()).toBe(before);
  });

  test("withNetns refuses a namespace that does not exist, naming it", () => {
    expect(() => withNetns("netdtest-none", () => 1)).toThrow(KernelError);
    expect(() => withNetns("netdtest-none", () => 1)).toThrow("/run/netns/netdtest-none");
  });

  test("withNetns refuses a file that is no namespace", async () => {
    await using netns = TestNetns.reserve();
    writeFileSync(netns.path, "");
    expect(() => withNetns(netns.name, () => 1)).toThrow(expect.objectContaining({ errno: 22 }));
  });

  test("withNetns ends the process when the thread can't come back", async () => {
    await using netns = TestNetns.create();
    using bundle = bundleNetns();
    // Without its descriptors the thread has no way back.
    const script = `const fs = require("fs");
      require(${JSON.stringify(bundle.path)}).withNetns(${JSON.stringify(netns.name)}, () => {
        for (const fd of fs.readdirSync("/proc/self/fd")) if (fs.existsSync("/proc/self/fd/" + fd) && fs.readlinkSync("/proc/self/fd/" + fd).startsWith("net:")) fs.closeSync(Number(fd));
      });
      fs.writeSync(1, "went on");`;
    const { signal, stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    expect({ signal, stdout }).toEqual({ signal: "SIGABRT", stdout: "" });
    expect(stderr).toContain("Cannot return to the own network namespace: EBADF");
  });

  test("withNetns leaks no descriptor", async () => {
    await using netns = TestNetns.create();
    const open = (): string[] => readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).startsWith("net:"));
    for (let i = 0; i < 50; i++) withNetns(netns.name, () => i);
    expect(() => withNetns("netdtest-none", () => 1)).toThrow();
    expect(open()).toEqual([]);
  });
});

/** What a descriptor of ours leads to; nothing when it was closed meanwhile. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

describe("netnsPath", () => {
  test.each(["../etc/passwd", "a/b", "", ".", "..", "-x", "a b", "x".repeat(64), "a\0b"])(
    "netnsPath refuses %j",
    (name) => {
      expect(() => netnsPath(name)).toThrow(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
    },
  );
});
