import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ImageStore } from "../../../src/image/index.ts";
import { formatTar } from "../../support/tar.ts";

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "netd-busybox-"));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

test("ImageStore.ensureBusybox makes a root in which every applet runs", async () => {
  const store = new ImageStore(join(base, "images"));
  const image = await store.ensureBusybox();
  const root = image.layers[0]!;
  expect(image).toMatchObject({ name: "busybox", config: { cmd: ["sh"] } });
  const inRoot = (script: string) => execFileSync("chroot", [root, "/bin/sh", "-c", script], { encoding: "utf8" });
  expect(inRoot("id -un; cat /etc/passwd | head -n 1; stat -c %a /tmp /root")).toBe(
    "root\nroot:x:0:0:root:/root:/bin/sh\n1777\n700\n",
  );
  const applets = execFileSync("/bin/busybox", ["--list-full"], { encoding: "utf8" }).trim().split("\n");
  const busybox = statSync(join(root, "bin/busybox"));
  for (const applet of applets) expect(statSync(join(root, applet)).ino, applet).toBe(busybox.ino);
});

test("ImageStore.ensureBusybox gives the same id from the same busybox, and makes it again when that changes", async () => {
  const copy = join(base, "busybox");
  copyFileSync("/bin/busybox", copy);
  const store = new ImageStore(join(base, "images"));
  const first = await store.ensureBusybox(copy);
  const other = await new ImageStore(join(base, "other")).ensureBusybox();
  expect(other.id).toBe(first.id);
  expect(await store.ensureBusybox(copy)).toEqual(first);
  writeFileSync(copy, Buffer.concat([readFileSync(copy), Buffer.from("\n")]));
  const [second, third] = await Promise.all([store.ensureBusybox(copy), store.ensureBusybox(copy)]);
  expect(second!.id).not.toBe(first.id);
  expect(third).toEqual(second);
  rmSync(copy);
  expect((await store.ensureBusybox(copy)).id).toBe(second!.id);
});

test.each([
  ["missing", () => "/nonexistent/busybox", "it is missing"],
  ["a dynamic program", () => "/bin/ls", "it is not a statically linked program"],
  ["no program", () => "/etc/passwd", "it is not a statically linked program"],
])("ImageStore.ensureBusybox says what to install when busybox is %s", async (_what, path, reason) => {
  await expect(new ImageStore(join(base, "images")).ensureBusybox(path())).rejects.toMatchObject({
    code: "IMAGE_UNKNOWN",
    message: expect.stringContaining(reason),
    remedy: "Install it with 'apt-get install busybox-static'",
  });
});

test("ImageStore.ensureBusybox keeps an image that was imported as busybox", async () => {
  const store = new ImageStore(join(base, "images"));
  const image = await store.importTar("busybox", Readable.from([formatTar([{ name: "a" }])]));
  expect(await store.ensureBusybox()).toEqual(image);
});
