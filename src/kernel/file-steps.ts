/**
 * Steps of files and directories on the host.
 *
 * @module
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { fsCall } from "./fs-call.ts";
import type { DirMake, FileWrite } from "./step/network-steps.ts";
import { shellCommand, shellHeredoc, shellQuote } from "./step/shell.ts";
import type { StepDefinition } from "./step/step.ts";

const FILE_MODE = 0o644;
const DIR_MODE = 0o755;
const { O_RDONLY, O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;

/** A file as it was. */
interface FileMemo {
  content: string;
  mode: number;
}

/** Remembers the file as it was, or null when there was none. */
export const fileWrite: StepDefinition<FileWrite, FileMemo | null> = {
  apply({ path, content, mode = FILE_MODE }) {
    const before = fsCall(`read file ${path}`, () => readIfThere(path));
    try {
      fsCall(`write file ${path}`, () => writeInPlace(path, { content, mode }));
    } catch (error) {
      restore(path, before);
      throw error;
    }
    return before;
  },
  undo: ({ path }, before) => restore(path, before),
  toShell({ path, content, mode = FILE_MODE }) {
    const write = content.endsWith("\n")
      ? shellHeredoc(`cat >${shellQuote(path)}`, content)
      : `printf %s ${shellQuote(content)} >${shellQuote(path)}`;
    return [write, shellCommand("chmod", mode.toString(8), path)];
  },
};

/** Remembers the topmost directory that it made, or null when all were there. */
export const dirMake: StepDefinition<DirMake, string | null> = {
  apply({ path, mode = DIR_MODE }) {
    return fsCall(`make directory ${path}`, () => {
      const topmost = mkdirSync(path, { recursive: true, mode: DIR_MODE });
      chmodSync(path, mode);
      return topmost ?? null;
    });
  },
  undo({ path }, topmost) {
    if (topmost === null) return;
    for (let made = path; made.startsWith(topmost); made = dirname(made)) if (!removeIfEmpty(made)) return;
  },
  toShell: ({ path, mode = DIR_MODE }) => [
    shellCommand("mkdir", "-p", path),
    shellCommand("chmod", mode.toString(8), path),
  ],
};

function readIfThere(path: string): FileMemo | null {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return { content: readFileSync(fd, "utf8"), mode: fstatSync(fd).mode & 0o7777 };
  } finally {
    closeSync(fd);
  }
}

/** The length is cut after writing: a reader meanwhile sees old lines, never an empty file. */
function writeInPlace(path: string, { content, mode }: FileMemo): void {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode);
  try {
    const bytes = Buffer.from(content);
    writeFileSync(fd, bytes);
    ftruncateSync(fd, bytes.length);
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

function restore(path: string, before: FileMemo | null): void {
  if (before === null) fsCall(`remove file ${path}`, () => rmSync(path, { force: true }));
  else fsCall(`write file ${path}`, () => writeInPlace(path, before));
}

function removeIfEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "ENOTEMPTY" || code === "EBUSY") return false;
    throw error;
  }
}
