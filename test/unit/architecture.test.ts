import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

/** Folder to the folders it may import, besides itself and the files lying directly in src/. A folder absent here may not exist. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  address: [],
  api: ["address"],
  dns: ["address"],
  firewall: ["address"],
  image: ["address", "kernel"],
  ipam: ["address"],
  kernel: ["address"],
  netctl: ["address", "api", "stream"],
  netd: ["address", "api", "dns", "firewall", "image", "ipam", "kernel", "runtime", "stream"],
  runtime: ["address", "kernel", "stream"],
  sandbox: ["address", "api", "dns", "kernel", "stream"],
  stream: [],
};

/** Package to the files that may import it. */
const PACKAGE_HOMES: Record<string, RegExp> = {
  koffi: /^kernel\/(libc|libc-process|libc-xattr|nft\/libnftables|seccomp\/libseccomp)\.ts$/,
  netlink: /^kernel\//,
  fastify: /^netd\/http\//,
  "@fastify/type-provider-typebox": /^netd\/http\//,
  libsql: /store[^/]*\.ts$/,
};

/** Entry points of processes: nobody imports them, and bundling starts there. */
const ENTRY = /^[^/]+\/main\.ts$/;

interface Import {
  /** Importing file, below src/. */
  from: string;
  /** Imported file below src/, or the package's name. */
  to: string;
  isPackage: boolean;
}

const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort();
const IMPORTS = FILES.flatMap(importsOf);
const INNER = IMPORTS.filter(({ isPackage }) => !isPackage);

function importsOf(from: string): Import[] {
  const text = readFileSync(join(SRC, from), "utf8").replace(/^\s*(\/\*)?\*.*$/gm, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier = ""]) =>
    specifier.startsWith(".")
      ? { from, to: relative(SRC, resolve(SRC, dirname(from), specifier)), isPackage: false }
      : { from, to: specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"), isPackage: true },
  );
}

/** The folder of src/ that a path is in, or "" for a file lying directly in src/. */
function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : "";
}

function show({ from, to }: Import): string {
  return `${from} imports ${to}`;
}

describe("src/", () => {
  test("every folder has a row in MAY_IMPORT", () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test.each(Object.keys(MAY_IMPORT))("%s imports only the folders of its row", (folder) => {
    const wrong = INNER.filter(({ from, to }) => {
      const target = folderOf(to);
      return folderOf(from) === folder && target !== "" && target !== folder && !MAY_IMPORT[folder]?.includes(target);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test("files lying directly in src/ import no folder", () => {
    expect(INNER.filter(({ from, to }) => folderOf(from) === "" && folderOf(to) !== "").map(show)).toEqual([]);
  });

  test("folders are entered through an index.ts", () => {
    const wrong = INNER.filter(
      ({ from, to }) => folderOf(to) !== "" && folderOf(to) !== folderOf(from) && !to.endsWith("/index.ts"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("an index.ts says what its folder owns and what it never does", () => {
    const folders = Object.keys(MAY_IMPORT).filter((folder) => existsSync(join(SRC, folder)));
    const wrong = folders.filter((folder) => !/\bowns?\b[\s\S]*\bnever\b/i.test(head(`${folder}/index.ts`)));
    expect(wrong).toEqual([]);
  });

  test("nobody imports an entry point", () => {
    expect(INNER.filter(({ to }) => ENTRY.test(to)).map(show)).toEqual([]);
  });

  test("packages are imported only where they belong", () => {
    const wrong = IMPORTS.filter(({ from, to, isPackage }) => isPackage && PACKAGE_HOMES[to]?.test(from) === false);
    expect(wrong.map(show)).toEqual([]);
  });

  test("imports name existing files", () => {
    expect(INNER.filter(({ to }) => !existsSync(join(SRC, to))).map(show)).toEqual([]);
  });

  test("imports make no cycle", () => {
    expect(findCycle()).toBeUndefined();
  });

  test("no file is longer than 400 lines", () => {
    const lengths = FILES.map((file) => ({ file, lines: readFileSync(join(SRC, file), "utf8").split("\n").length }));
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  });
});

function head(file: string): string {
  const path = join(SRC, file);
  return existsSync(path) ? readFileSync(path, "utf8").slice(0, 800) : "";
}

/** Files that import each other in a ring, imports of types included. */
function findCycle(): string[] | undefined {
  const targets = groupImports();
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of FILES) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function groupImports(): Map<string, Import[]> {
  const groups = new Map<string, Import[]>();
  for (const item of INNER) groups.set(item.from, [...(groups.get(item.from) ?? []), item]);
  return groups;
}
