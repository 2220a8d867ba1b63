import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ArchiveLimits, ImageStore } from "../../../src/image/index.ts";
import { formatTar, paxEntry, type TarEntry } from "../../support/tar.ts";

let base: string;
let outside: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "netd-image-"));
  outside = join(base, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "untouched");
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function openStore(limits: Partial<ArchiveLimits> = {}): ImageStore {
  return new ImageStore(join(base, "images"), { limits });
}

async function importBytes(bytes: Buffer, store = openStore()) {
  return await store.importTar("x", Readable.from([bytes]));
}

async function importEntries(...entries: TarEntry[]): Promise<string> {
  return (await importBytes(formatTar(entries))).layers[0]!; // a flat import has one layer
}

/** Everything about the directory outside that an archive could have changed. */
function outsideState(): string {
  return execFileSync("find", [outside, "-printf", "%P %y %m %U:%G %n %s %T@ %l\n"], { encoding: "utf8" });
}

/** What the store has on disk besides its index. */
function leftovers(): string[] {
  return readdirSync(join(base, "images"), { recursive: true, encoding: "utf8" }).sort();
}

test("ImageStore.importTar keeps content, modes, owners, times and links", async () => {
  const root = await importEntries(
    { name: "./", type: "5", mode: 0o755 },
    { name: "dir/", type: "5", mode: 0o1777, mtime: 1_234_567_890 },
    { name: "dir/suid", content: "program", mode: 0o4755, uid: 7, gid: 8, mtime: 1_111_111_111 },
    { name: "dir/hard", type: "1", linkname: "dir/suid" },
    { name: "dir/soft", type: "2", linkname: "/outside/../anything", uid: 9 },
    { name: "fifo", type: "6", mode: 0o622 },
    { name: "null", type: "3", mode: 0o666, device: [1, 3] },
    { name: "disk", type: "4", mode: 0o660, device: [259, 70_000] },
  );
  const stat = (path: string, format: string) =>
    execFileSync("stat", ["-c", format, join(root, path)], { encoding: "utf8" }).trim();
  expect(stat("dir/suid", "%a %u:%g %Y %h")).toBe("4755 7:8 1111111111 2");
  expect(readFileSync(join(root, "dir/hard"), "utf8")).toBe("program");
  expect(stat("dir", "%a %Y")).toBe("1777 1234567890");
  expect(readlinkSync(join(root, "dir/soft"))).toBe("/outside/../anything");
  expect(stat("dir/soft", "%u %Y")).toBe("9 1000000000");
  expect(stat("fifo", "%F %a")).toBe("fifo 622");
  expect(stat("null", "%F %a %t:%T")).toBe("character special file 666 1:3");
  expect(stat("disk", "%F %a %t:%T")).toBe("block special file 660 103:11170");
});

test("ImageStore.importTar gives the same tree as tar does, from a gzip of GNU tar, with the archive's SHA-256 as id", async () => {
  const source = join(base, "source");
  const long = "directory-with-a-long-name/".repeat(8);
  mkdirSync(join(source, long), { recursive: true });
  writeFileSync(join(source, long, "ünïcode"), Buffer.alloc(300_000, "x"));
  writeFileSync(join(source, "empty"), "");
  linkSync(join(source, "empty"), join(source, "also-empty"));
  for (const format of ["gnu", "pax", "v7", "ustar"]) {
    const archive = execFileSync("tar", [
      "-C",
      source,
      `--format=${format}`,
      "-czf",
      "-",
      "--exclude",
      format === "v7" || format === "ustar" ? "directory-*" : "none",
      ".",
    ]);
    const store = openStore();
    const image = await store.importTar(`copy:${format}`, Readable.from([archive.subarray(0, 1), archive.subarray(1)]));
    expect(image.id).toBe(`sha256:${createHash("sha256").update(archive).digest("hex")}`);
    const expected = join(base, format);
    mkdirSync(expected);
    execFileSync("tar", ["-C", expected, "-xzf", "-"], { input: archive });
    const tree = (root: string) =>
      execFileSync("find", [root, "-printf", "%P %y %m %U:%G %n %s %Ts %l\n"], { encoding: "utf8" })
        .replace(/^( d \S+ \S+ \S+) \d+/gm, "$1")
        .split("\n")
        .map((line) => line.replace(/( d \S+ \S+ \d+) \d+/, "$1"))
        .sort();
    expect(tree(image.layers[0]!)).toEqual(tree(expected));
  }
});

test("ImageStore.importTar lets later entries replace earlier ones", async () => {
  const root = await importEntries(
    { name: "a", content: "first" },
    { name: "a", content: "second" },
    { name: "b", content: "file" },
    { name: "b/", type: "5" },
    { name: "b/c", content: "inside" },
    { name: "link", type: "2", linkname: "b" },
    { name: "link/", type: "5" },
    { name: "link/d", content: "not in b" },
    { name: "tree/deep/file", content: "x" },
    { name: "tree", type: "2", linkname: "b" },
    { name: "b", type: "5", mode: 0o700 },
  );
  expect(readFileSync(join(root, "a"), "utf8")).toBe("second");
  expect(readdirSync(join(root, "b"))).toEqual(["c"]);
  expect(readdirSync(join(root, "link"))).toEqual(["d"]);
  expect(readlinkSync(join(root, "tree"))).toBe("b");
});

test("ImageStore.importTar does not write through a hard link that is replaced", async () => {
  const root = await importEntries(
    { name: "a", content: "kept" },
    { name: "b", type: "1", linkname: "a" },
    { name: "b", content: "new" },
  );
  expect(readFileSync(join(root, "a"), "utf8")).toBe("kept");
});

test.each<[string, string, (outside: string) => TarEntry[]]>([
  ["'..' in front", "IMAGE_ARCHIVE_UNSAFE", () => [{ name: "../outside/secret", content: "x" }]],
  ["'..' in the middle", "IMAGE_ARCHIVE_UNSAFE", () => [{ name: "a/../../outside/secret", content: "x" }]],
  ["'..' alone", "IMAGE_ARCHIVE_UNSAFE", () => [{ name: "..", type: "5", mode: 0o777 }]],
  ["'..' in a pax path", "IMAGE_ARCHIVE_UNSAFE", () => [paxEntry({ path: "../../x" }), { name: "ok", content: "x" }]],
  [
    "a file through an absolute symbolic link",
    "IMAGE_ARCHIVE_UNSAFE",
    (at) => [
      { name: "l", type: "2", linkname: at },
      { name: "l/secret", content: "x" },
    ],
  ],
  [
    "a file through a relative symbolic link",
    "IMAGE_ARCHIVE_UNSAFE",
    () => [
      { name: "l", type: "2", linkname: "../../../outside" },
      { name: "l/secret", content: "x" },
    ],
  ],
  [
    "a new directory through two symbolic links",
    "IMAGE_ARCHIVE_UNSAFE",
    (at) => [
      { name: "a", type: "2", linkname: at },
      { name: "b", type: "2", linkname: "a" },
      { name: "b/new/", type: "5" },
    ],
  ],
  [
    "a hard link through a symbolic link",
    "IMAGE_ARCHIVE_UNSAFE",
    (at) => [
      { name: "l", type: "2", linkname: at },
      { name: "h", type: "1", linkname: "l/secret" },
    ],
  ],
  [
    "a hard link with '..'",
    "IMAGE_ARCHIVE_UNSAFE",
    () => [{ name: "h", type: "1", linkname: "../../../outside/secret" }],
  ],
  [
    "a hard link to an absolute name",
    "IMAGE_ARCHIVE_CORRUPT",
    (at) => [{ name: "h", type: "1", linkname: join(at, "secret") }],
  ],
  [
    "a hard link in a pax linkpath",
    "IMAGE_ARCHIVE_UNSAFE",
    () => [paxEntry({ linkpath: "../x" }), { name: "h", type: "1", linkname: "y" }],
  ],
  [
    "a hard link to a directory",
    "IMAGE_ARCHIVE_UNSAFE",
    () => [
      { name: "d/", type: "5" },
      { name: "h", type: "1", linkname: "d" },
    ],
  ],
  ["a link without a target", "IMAGE_ARCHIVE_CORRUPT", () => [{ name: "l", type: "2" }]],
  ["a file below a file", "IMAGE_ARCHIVE_CORRUPT", () => [{ name: "f" }, { name: "f/g" }]],
  [
    "a device through a symbolic link",
    "IMAGE_ARCHIVE_UNSAFE",
    (at) => [
      { name: "l", type: "2", linkname: at },
      { name: "l/n", type: "3", device: [1, 3] },
    ],
  ],
  ["a file in place of the root", "IMAGE_ARCHIVE_CORRUPT", () => [{ name: "/", content: "x" }]],
  ["a zero byte in a pax path", "IMAGE_ARCHIVE_UNSAFE", () => [paxEntry({ path: "a\0b" }), { name: "ok" }]],
  ["a long component", "IMAGE_ARCHIVE_UNSAFE", () => [paxEntry({ path: "x".repeat(300) }), { name: "ok" }]],
  ["an owner that is (uid_t)-1", "IMAGE_ARCHIVE_CORRUPT", () => [paxEntry({ uid: "4294967295" }), { name: "ok" }]],
  ["a sparse file", "IMAGE_ARCHIVE_CORRUPT", () => [paxEntry({ "GNU.sparse.major": "1" }), { name: "ok" }]],
  ["an unknown type", "IMAGE_ARCHIVE_CORRUPT", () => [{ name: "ok", type: "S" }]],
])("ImageStore.importTar refuses %s and leaves nothing anywhere", async (_what, code, entries) => {
  const before = outsideState();
  await expect(importBytes(formatTar(entries(outside)))).rejects.toMatchObject({ code, remedy: expect.any(String) });
  expect(outsideState()).toBe(before);
  expect(leftovers()).toEqual(["layers"]);
  expect(openStore().list()).toEqual([]);
});

test("ImageStore.importTar puts absolute names below the root", async () => {
  const path = join(outside, "secret");
  const before = outsideState();
  const root = await importEntries({ name: path, content: "inside" });
  expect(readFileSync(join(root, path), "utf8")).toBe("inside");
  expect(outsideState()).toBe(before);
});

test("ImageStore.importTar replaces a symbolic link and never writes to where it points", async () => {
  const before = outsideState();
  const root = await importEntries(
    { name: "l", type: "2", linkname: join(outside, "secret") },
    { name: "l", content: "mine", mode: 0o777, uid: 5 },
  );
  expect(lstatSync(join(root, "l")).isFile()).toBe(true);
  expect(outsideState()).toBe(before);
});

test("ImageStore.importTar names the entry and where it is", async () => {
  const archive = formatTar([{ name: "first", content: "x".repeat(600) }, { name: "d\x1b/../../e" }]);
  await expect(importBytes(archive)).rejects.toThrow("Cannot unpack entry 'd\\u001b/../../e': its name has '..' in it");
  const half = formatTar([{ name: "first", content: "x".repeat(600) }]).subarray(0, 1024);
  await expect(importBytes(half)).rejects.toThrow(
    "Cannot read the archive: it is cut off, at byte 1024 of its content",
  );
});

test("ImageStore.importTar refuses an archive cut at any block, and at odd places", async () => {
  const whole = formatTar([
    { name: "dir/", type: "5" },
    paxEntry({ path: "a-long-name" }),
    { name: "short", content: Buffer.alloc(1600) },
    { name: "zeroes", content: Buffer.alloc(2048) },
    { name: "link", type: "2", linkname: "dir" },
  ]);
  const contentEnd = whole.length - 1024;
  const places = Array.from({ length: contentEnd / 512 + 1 }, (_, block) => block * 512);
  for (const place of [...places, 1, 100, 511, 513, 1300, contentEnd - 1, contentEnd + 100]) {
    await expect(importBytes(whole.subarray(0, place)), `cut at ${place}`).rejects.toMatchObject({
      code: "IMAGE_ARCHIVE_CORRUPT",
    });
  }
  expect(leftovers()).toEqual(["layers"]);
  await importBytes(whole.subarray(0, contentEnd + 512));
});

test("ImageStore.importTar refuses a gzip that is cut or damaged, and other compressions by name", async () => {
  const whole = gzipSync(
    formatTar([{ name: "f", content: Buffer.from(Array.from({ length: 9000 }, (_, n) => n * n)) }]),
  );
  for (const place of [1, 2, 9, 10, 50, whole.length - 9, whole.length - 1]) {
    await expect(importBytes(whole.subarray(0, place)), `cut at ${place}`).rejects.toMatchObject({
      code: "IMAGE_ARCHIVE_CORRUPT",
    });
  }
  const damaged = Buffer.from(whole);
  damaged[whole.length - 6]! ^= 0xff;
  await expect(importBytes(damaged)).rejects.toMatchObject({ code: "IMAGE_ARCHIVE_CORRUPT" });
  const xz = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(600)]);
  await expect(importBytes(xz)).rejects.toMatchObject({ remedy: "Decompress it with xz first" });
  expect(leftovers()).toEqual(["layers"]);
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["text", Buffer.from("this is not a tar\n".repeat(100))],
  ["random bytes", createHash("sha512").update("seed").digest()],
  ["a header with a wrong checksum", Buffer.from(formatTar([{ name: "a" }])).fill("x", 0, 5)],
])("ImageStore.importTar refuses %s", async (_what, bytes) => {
  await expect(importBytes(bytes)).rejects.toMatchObject({ code: "IMAGE_ARCHIVE_CORRUPT" });
});

test("ImageStore.importTar reports a source that breaks off", async () => {
  const source = Readable.from(
    (async function* () {
      yield formatTar([{ name: "a", content: "x" }]).subarray(0, 700);
      throw new Error("connection lost");
    })(),
  );
  await expect(openStore().importTar("x", source)).rejects.toMatchObject({
    code: "IMAGE_ARCHIVE_CORRUPT",
    message: expect.stringContaining("connection lost"),
  });
  expect(leftovers()).toEqual(["layers"]);
});

test("ImageStore.importTar leaves a refused source open, for its owner to answer on", async () => {
  const archive = Buffer.concat([formatTar([{ name: "../x" }]), Buffer.alloc(1 << 20)]);
  const source = Readable.from([archive.subarray(0, 1024), archive.subarray(1024), archive, archive]);
  await expect(openStore().importTar("x", source)).rejects.toMatchObject({ code: "IMAGE_ARCHIVE_UNSAFE" });
  expect(source.destroyed).toBe(false);
  source.destroy();
});

test("ImageStore.importTar stops at its limits", async () => {
  const store = openStore({ maxBytes: 1 << 20, maxEntries: 10 });
  const bomb = gzipSync(Buffer.concat([formatTar([{ name: "big", size: 1 << 30 }], 0), Buffer.alloc(4 << 20)]));
  await expect(importBytes(bomb, store)).rejects.toMatchObject({ code: "IMAGE_TOO_LARGE" });
  await expect(importBytes(gzipSync(Buffer.alloc(4 << 20)), store)).rejects.toMatchObject({ code: "IMAGE_TOO_LARGE" });
  const many = formatTar(Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` })));
  await expect(importBytes(many, store)).rejects.toMatchObject({ code: "IMAGE_TOO_LARGE" });
  expect(leftovers()).toEqual(["layers"]);
});

test("ImageStore.importTar of an archive with a file that claims more than it has is refused", async () => {
  await expect(importBytes(formatTar([{ name: "f", content: "x", size: 5000 }]))).rejects.toMatchObject({
    code: "IMAGE_ARCHIVE_CORRUPT",
  });
});

test("ImageStore removes what an interrupted import left when it opens", async () => {
  const store = openStore();
  await importBytes(formatTar([{ name: "a" }]), store);
  mkdirSync(join(base, "images/tmp-abc/layer/etc"), { recursive: true });
  expect(openStore().list()).toEqual(store.list());
  expect(existsSync(join(base, "images/tmp-abc"))).toBe(false);
});

test("ImageStore.importTar leaves no image when its list can't be written", async () => {
  const store = openStore();
  mkdirSync(join(base, "images/index.json"));
  await expect(importBytes(formatTar([{ name: "a" }]), store)).rejects.toMatchObject({ code: "STATE_WRITE_FAILED" });
  expect(readdirSync(join(base, "images/layers"))).toEqual([]);
  expect(store.list()).toEqual([]);
});

test("ImageStore.remove deletes a layer with its last name, unless a container uses it", async () => {
  const store = openStore();
  const archive = formatTar([{ name: "a" }]);
  const image = await store.importTar("one", Readable.from([archive]));
  await store.importTar("two:1", Readable.from([archive]));
  await store.remove("one", () => "web");
  expect(existsSync(image.layers[0]!)).toBe(true);
  await expect(store.remove("two:1", () => "web")).rejects.toMatchObject({
    code: "IMAGE_IN_USE",
    message: "Cannot remove image 'two:1': container 'web' uses it",
  });
  await store.remove("two:1", () => undefined);
  expect(existsSync(image.layers[0]!)).toBe(false);
  await expect(store.remove("two:1", () => undefined)).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
  expect(openStore().list()).toEqual([]);
});

test("ImageStore.collectGarbage keeps the layer of a replaced image while a container uses it", async () => {
  const store = openStore();
  const old = await importBytes(formatTar([{ name: "a" }]), store);
  await importBytes(formatTar([{ name: "b" }]), store);
  await store.collectGarbage((id) => (id === old.id ? "web" : undefined));
  expect(existsSync(old.layers[0]!)).toBe(true);
  await store.collectGarbage(() => undefined);
  expect(readdirSync(join(base, "images/layers"))).toEqual([store.get("x")!.id.slice(7)]);
});
