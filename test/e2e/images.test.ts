import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageInfo } from "../../src/api/index.ts";
import { SANDBOX_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { formatTar, type TarEntry } from "../support/tar.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  // A root file system to pack: busybox under three names, and a file.
  await sandbox.sh(`
    mkdir -p ${SANDBOX_DIR}/root/bin; cd ${SANDBOX_DIR}/root
    cp "$(command -v busybox)" bin/busybox; ln bin/busybox bin/sh; ln -s busybox bin/cat
    echo text > file; chmod 640 file; chown 12:34 file; tar -cf ../root.tar .; gzip -k ../root.tar`);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Import an archive from standard input. */
const importBytes = (name: string, archive: Buffer, ...options: string[]) =>
  sandbox.runWith({ input: archive }, "netctl", "image", "import", ...options, name, "-");

/** Names of images, and what the image store has on the disk. */
async function stored(): Promise<{ names: string[]; files: string }> {
  const images = await sandbox.json<ImageInfo[]>("images");
  const { stdout } = await sandbox.sh(`cd ${STATE_DIR}/images && ls -A . layers`);
  return { names: images.map(({ name }) => name).toSorted(), files: stdout };
}

describe("netctl image import", () => {
  test.each([
    ["a file", `netctl image import it ${SANDBOX_DIR}/root.tar`],
    ["a gzip file", `netctl image import it ${SANDBOX_DIR}/root.tar.gz`],
    ["standard input", `netctl image import it < ${SANDBOX_DIR}/root.tar`],
    ["-", `cat ${SANDBOX_DIR}/root.tar.gz | netctl image import it -`],
  ])("makes an image that runs of %s", async (_what, command) => {
    const { stdout } = await sandbox.sh(command);
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(await sandbox.ok("run", "--rm", "it", "cat", "/file")).toBe("text\n");
    expect(
      await sandbox.ok(
        "run",
        "--rm",
        "it",
        "sh",
        "-c",
        "busybox stat -c '%a %u %g' /file; cat /bin/sh | busybox wc -c",
      ),
    ).toMatch(/^640 12 34\n\d{6,}\n$/);
    expect(await sandbox.ok("image", "rm", "it")).toBe("it\n");
  });

  test("--change sets what a container does when nothing else is said", async () => {
    const changes = [
      'CMD ["sh","-c","echo $GREETING; pwd; busybox id -u"]',
      "ENV GREETING=hello",
      "WORKDIR /bin",
      "USER 12",
    ];
    await sandbox.ok(
      "image",
      "import",
      ...changes.flatMap((line) => ["-c", line]),
      "changed",
      `${SANDBOX_DIR}/root.tar`,
    );
    expect(await sandbox.ok("run", "--rm", "changed")).toBe("hello\n/bin\n12\n");
    expect(await sandbox.ok("run", "--rm", "-e", "GREETING=bye", "-w", "/", "-u", "0", "changed")).toBe("bye\n/\n0\n");
    await sandbox.ok("image", "rm", "changed");
    const { exitCode, stderr } = await sandbox.netctl(
      "image",
      "import",
      "-c",
      "NOSUCH x",
      "it",
      `${SANDBOX_DIR}/root.tar`,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("NOSUCH") });
  });

  test("a name that is taken gets the new image, and a running container keeps the old", async () => {
    await sandbox.ok("image", "import", "it", `${SANDBOX_DIR}/root.tar`);
    await sandbox.ok("run", "-d", "--name", "old", "it", "busybox", "sleep", "10000");
    await sandbox.sh(
      `cd ${SANDBOX_DIR}/root; echo other > file; tar -cf - . | netctl image import it; echo text > file`,
    );
    expect(await sandbox.ok("exec", "old", "cat", "/file")).toBe("text\n");
    expect(await sandbox.ok("run", "--rm", "it", "cat", "/file")).toBe("other\n");
    // The name is the new image's, which nobody uses.
    expect(await sandbox.ok("image", "rm", "it")).toBe("it\n");
    await sandbox.ok("restart", "-t", "0", "old");
    expect(await sandbox.ok("exec", "old", "cat", "/file")).toBe("text\n");
    await sandbox.ok("rm", "-f", "old");
    expect((await stored()).names).toEqual(["busybox"]);
  });

  const whole = formatTar([{ name: "a", content: "x".repeat(5000) }]);
  test.each<[string, Buffer, string]>([
    ["nothing", Buffer.alloc(0), "it is empty"],
    ["text", Buffer.from("hello\n".repeat(1000)), "Cannot read the archive"],
    ["a tar that is cut off", whole.subarray(0, 3000), "it is cut off"],
    ["a gzip that is cut off", gzipSync(whole).subarray(0, 60), "Cannot read the archive"],
    [
      "a gzip with a wrong byte",
      Buffer.from(gzipSync(whole).map((byte, at) => (at === 40 ? byte ^ 0xff : byte))),
      "Cannot read the archive",
    ],
    [
      "a header with a wrong sum",
      Buffer.from(whole.map((byte, at) => (at === 3 ? 65 : byte))),
      "Cannot read the archive",
    ],
  ])("refuses %s, and leaves nothing", async (_what, archive, reason) => {
    const before = await stored();
    const { stdout, stderr, exitCode } = await importBytes("broken", archive);
    expect({ stdout, exitCode, stderr }).toEqual({ stdout: "", exitCode: 1, stderr: expect.stringContaining(reason) });
    expect(stderr).toMatch(/^netctl: Cannot .*\n {2}try: .*\n$/);
    expect(await stored()).toEqual(before);
  });

  const target = "/run/netd-sandbox/escaped";
  test.each<[string, TarEntry[]]>([
    ["a name with ..", [{ name: `../../../../../..${target}`, content: "x" }]],
    ["an absolute name", [{ name: target, content: "x" }]],
    [
      "a link out and a file through it",
      [
        { name: "out", type: "2", linkname: SANDBOX_DIR },
        { name: "out/escaped", content: "x" },
      ],
    ],
    [
      "a link up and a file through it",
      [
        { name: "up", type: "2", linkname: "../../../../../../.." },
        { name: `up${target}`, content: "x" },
      ],
    ],
    [
      "a hard link to a file outside",
      [
        { name: "hard", type: "1", linkname: `../../../../../..${SANDBOX_DIR}/root.tar` },
        { name: "hard", content: "x" },
      ],
    ],
  ])("writes nothing outside its root: %s", async (_what, entries) => {
    const sum = () => sandbox.sh(`md5sum < ${SANDBOX_DIR}/root.tar; ls ${target} 2>/dev/null; ls -A ${STATE_DIR}`);
    const before = await sum();
    const { exitCode } = await importBytes("hostile", formatTar(entries));
    expect((await sum()).stdout).toBe(before.stdout);
    if (exitCode === 0) await sandbox.ok("image", "rm", "hostile");
    expect((await stored()).names).toEqual(["busybox"]);
  });

  test("a link of the image that points out leads a container's mounts nowhere but inside", async () => {
    const links = ["etc", "dev", "proc", "sys"].map(
      (name): TarEntry => ({ name, type: "2", linkname: `${SANDBOX_DIR}/trap` }),
    );
    await sandbox.sh(`mkdir -p ${SANDBOX_DIR}/trap`);
    const busybox = Buffer.from((await sandbox.sh("base64 < $(command -v busybox)")).stdout, "base64");
    await importBytes("trap", formatTar([...links, { name: "busybox", content: busybox, mode: 0o755 }]));
    await sandbox.netctl("run", "--rm", "trap", "/busybox", "true");
    expect((await sandbox.sh(`ls -A ${SANDBOX_DIR}/trap; grep -c trap /proc/mounts`)).stdout).toBe("0\n");
    await sandbox.ok("image", "rm", "trap");
  });

  test("that is broken off by ctrl-c leaves nothing, and the next one works", async () => {
    const before = await stored();
    await using started = sandbox.startInTerminal(
      "sh",
      "-c",
      `(cat ${SANDBOX_DIR}/root.tar; sleep 100) | netctl image import half`,
    );
    await sandbox.sh(
      `until ls -A ${STATE_DIR}/images/layers | grep -qv '^[0-9a-f]\\{64\\}$' || [ "$(ls -A ${STATE_DIR}/images | wc -l)" -gt 2 ]; do sleep 0.02; done`,
    );
    started.type("\x03");
    expect(await started.exitCode()).not.toBe(0);
    await sandbox.sh(
      `until [ "$(cd ${STATE_DIR}/images && ls -A . layers)" = "${before.files.trimEnd()}" ]; do sleep 0.02; done`,
    );
    expect(await stored()).toEqual(before);
    await sandbox.ok("image", "import", "half", `${SANDBOX_DIR}/root.tar`);
    await sandbox.ok("image", "rm", "half");
  });
});

describe("netctl image rm", () => {
  test("refuses an image that a container uses, naming it, and one that there is none of", async () => {
    await sandbox.ok("image", "import", "used", `${SANDBOX_DIR}/root.tar`);
    await sandbox.ok("create", "--name", "user", "used", "sh");
    const used = await sandbox.netctl("image", "rm", "used");
    expect(used).toEqual({
      stdout: "",
      stderr:
        "netctl: Cannot remove image 'used': container 'user' uses it\n  try: Remove the container first with 'netctl rm user'\n",
      exitCode: 1,
    });
    await sandbox.ok("rm", "user");
    await sandbox.ok("image", "rm", "used");
    const gone = await sandbox.netctl("image", "rm", "used");
    expect(gone).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot remove image 'used': there is none"),
    });
  });
});

describe("the busybox image", () => {
  test("is there from the start, and has a link for each applet", async () => {
    expect(await sandbox.ok("images")).toMatch(/^NAME +ID +CREATED +SIZE\nbusybox +sha256:[0-9a-f]{12} /);
    const applets = (await sandbox.sh("busybox --list-full | wc -l")).stdout;
    expect(
      await sandbox.ok(
        "run",
        "--rm",
        "busybox",
        "sh",
        "-c",
        "for a in $(busybox --list-full); do [ -x /$a ] && echo $a; done | wc -l",
      ),
    ).toBe(applets);
  });
});
