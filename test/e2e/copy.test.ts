import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
const at = (name: string) => `${SANDBOX_DIR}/${name}`;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "-d", "--name", "live", "-v", "copied:/vol", "busybox", "sleep", "600");
  await sandbox.ok("run", "--name", "still", "-v", "copied:/vol", "busybox", "sh", "-c", "mkdir /d; echo s >/d/f");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Run sh in the host of the sandbox and return what it prints. */
async function sh(script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.sh(script);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

describe.each(["live", "still"])("netctl cp with the container '%s'", (name) => {
  test("cp brings a file in and out again, to the same name, another, and into a directory", async () => {
    await sh(`mkdir -p ${at(`${name}/to`)} && cd ${at(name)} && echo text >file && chmod 640 file && chown 7:8 file`);
    await sandbox.ok("cp", at(`${name}/file`), `${name}:/tmp`);
    await sandbox.ok("cp", at(`${name}/file`), `${name}:/tmp/other`);
    await sandbox.ok("cp", "-a", at(`${name}/file`), `${name}:/tmp/owned`);
    await sandbox.ok("cp", `${name}:/tmp/other`, at(`${name}/back`));
    await sandbox.ok("cp", "-a", `${name}:/tmp/owned`, at(`${name}/to`));
    expect(await sh(`cd ${at(name)} && cat back && stat -c '%a %u %g' back to/owned`)).toBe("text\n640 0 0\n640 7 8\n");
    await sandbox.ok("cp", `${name}:/tmp/file`, at(`${name}/to/`));
    expect(await sh(`cat ${at(`${name}/to/file`)}`)).toBe("text\n");
  });

  test("cp brings a directory in: as itself, as a new one, and only its content with a dot", async () => {
    await sh(
      `mkdir -p ${at(`${name}/site/sub`)} && cd ${at(`${name}/site`)} && echo 1 >a && echo 2 >sub/b && ln -sf a l`,
    );
    await sandbox.ok("cp", at(`${name}/site`), `${name}:/srv-new`);
    await sandbox.ok("cp", at(`${name}/site`), `${name}:/srv-new`);
    await sandbox.ok("cp", `${at(`${name}/site`)}/.`, `${name}:/tmp`);
    await sandbox.ok("cp", `${at(`${name}/site`)}/.`, `${name}:/vol`);
    const tar = await sandbox.sh(`netctl cp ${name}:/srv-new - | tar -t | sort`);
    expect(tar.stdout).toBe(
      ["", "a", "l", "site/", "site/a", "site/l", "site/sub/", "site/sub/b", "sub/", "sub/b"]
        .map((path) => `srv-new/${path}\n`)
        .join(""),
    );
    await sandbox.ok("cp", `${name}:/tmp/sub`, at(`${name}/to`));
    expect(await sh(`cat ${at(`${name}/to/sub/b`)}`)).toBe("2\n");
    await sandbox.ok("cp", `${name}:/vol/.`, at(`${name}/from-volume`));
    expect(await sh(`readlink ${at(`${name}/from-volume/l`)}`)).toBe("a\n");
  });

  test("cp - unpacks a tar from standard input", async () => {
    await sh(`cd ${at(name)} && tar -c site | netctl cp - ${name}:/tmp`);
    expect(await sh(`netctl cp ${name}:/tmp/site/a - | tar -xO`)).toBe("1\n");
  });

  test.each([
    [["file", "X:/no/such/dir"], "the directory above it does not exist"],
    [["file", "X:/tmp/none/"], "a directory wanted"],
    [["site", "X:/tmp/file"], "it is a file, and a directory is copied"],
    [["X:/no/such", "."], "there is no such file or directory"],
    [["no-such", "X:/tmp"], "there is no such file or directory"],
    [["file", "nobody:/tmp"], "nobody"],
  ])("cp refuses %j", async (paths, text) => {
    const words = paths.map((path) => path.replace("X:", `${name}:`));
    const { exitCode, stderr } = await sandbox.sh(`cd ${at(name)} && netctl cp ${words.join(" ")}`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(text) });
  });

  test("cp never leaves the container's root, in or out, whatever its links say", async () => {
    await sh(`mkdir -p ${at("trap")}; echo host >${at("trap/secret")}`);
    await sh(
      `mkdir -p ${at(`${name}/links`)} && cd ${at(`${name}/links`)} && ln -sfn ${at("trap")} abs && ln -sfn ../../../../../../../../..${at("trap")} up`,
    );
    await sandbox.ok("cp", at(`${name}/links`), `${name}:/links`);
    for (const link of ["abs", "up"]) {
      const out = await sandbox.netctl("cp", `${name}:/links/${link}/secret`, "-");
      expect({ code: out.exitCode, stdout: out.stdout }).toEqual({ code: 1, stdout: "" });
      const followed = await sandbox.netctl("cp", "-L", `${name}:/links/${link}`, "-");
      expect(followed.exitCode).toBe(1);
      const into = await sandbox.netctl("cp", at(`${name}/file`), `${name}:/links/${link}/planted`);
      expect(into.exitCode).toBe(1);
      await sh(`cd ${at(name)} && mkdir -p hostile/links/${link} && echo bad >hostile/links/${link}/planted`);
      const over = await sandbox.netctl("cp", `${at(`${name}/hostile`)}/.`, `${name}:/`);
      expect(over.exitCode).toBe(0);
    }
    expect(await sh(`ls ${at("trap")}`)).toBe("secret\n");
  });
});

test("cp leaves no mount and no descriptor behind", async () => {
  const { pid } = JSON.parse(await sandbox.ok("info", "--json")) as { pid: number };
  const count = async () => await sh(`ls /proc/${pid}/fd | wc -l; wc -l </proc/self/mountinfo`);
  const before = await count();
  for (let round = 0; round < 3; round++) {
    await sandbox.ok("cp", "still:/d", at("again"));
    await sandbox.netctl("cp", "still:/nosuch", at("again"));
    await sandbox.ok("diff", "still");
  }
  expect(await count()).toBe(before);
});

test("diff lists what was added, changed and deleted, and no mount point", async () => {
  const script =
    "echo x >>/etc/passwd; rm /etc/group; mkdir -p /new/sub; echo 1 >/new/sub/f; rm -r /tmp; mkdir /tmp; rm /bin/ls";
  await sandbox.ok("run", "--name", "changed", "-v", "/made/for/it", "busybox", "sh", "-c", script);
  expect(await sandbox.ok("diff", "changed")).toBe(
    "C /bin\nD /bin/ls\nC /etc\nD /etc/group\nC /etc/passwd\nA /new\nA /new/sub\nA /new/sub/f\nC /tmp\n",
  );
  expect(JSON.parse(await sandbox.ok("diff", "--json", "changed"))).toContainEqual({ kind: "D", path: "/bin/ls" });
  await sandbox.ok("run", "--name", "same", "busybox", "true");
  expect(await sandbox.ok("diff", "same")).toBe("");
});
