import { readlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createNetns, deleteNetns, hasNetns, KernelError, netnsPath, withNetns } from "../../../src/kernel/index.ts";
import { isPinned, runCommand, TestNetns } from "../../support/netns.ts";

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
    const { spawn } = await import("node:child_process");
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

  test("withNetns leaks no descriptor", async () => {
    await using netns = TestNetns.create();
    const descriptors = (): string => runCommand(["ls", `/proc/${process.pid}/fd`]);
    const before = descriptors();
    for (let i = 0; i < 50; i++) withNetns(netns.name, () => i);
    expect(descriptors()).toBe(before);
  });
});

describe("netnsPath", () => {
  test.each(["../etc/passwd", "a/b", "", ".", "..", "-x", "a b", "x".repeat(64), "a\0b"])(
    "netnsPath refuses %j",
    (name) => {
      expect(() => netnsPath(name)).toThrow(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
    },
  );
});
