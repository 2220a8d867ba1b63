/**
 * Goes through the files of a log in the order in which they were written, while the runtime may put the current one away at any moment.
 *
 * @module
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { fullLogPath, listFullLogs } from "../../runtime/index.ts";
import { TailSearch } from "./log-tail.ts";

/** A place in a log. */
export interface LogPlace {
  /** The caller closes it. */
  file: FileHandle;
  offset: number;
  /** Number that the file has, which is full; absent when it was the current one as it was opened. */
  number?: number;
}

/** Open a log at its first line, or where its last `tail` lines begin; undefined when there is none yet. */
export async function openLog(path: string, tail: number | undefined): Promise<LogPlace | undefined> {
  return tail === undefined ? await openOldest(path) : await openTail(path, tail);
}

/** Open the file that was written after that of `place`; undefined when it is the current one, or there is none any more. */
export async function openNextLog(path: string, place: LogPlace): Promise<LogPlace | undefined> {
  const number = place.number ?? (await numberOf(path, place.file));
  if (number === "current") return undefined;
  for (;;) {
    const next = listFullLogs(path).find((later) => later > number);
    const file = await tryOpen(next === undefined ? path : fullLogPath(path, next));
    if (next !== undefined) {
      if (file !== undefined) return { file, offset: 0, number: next };
      // It was the oldest, and was removed meanwhile.
      continue;
    }
    // Without a current one there is nothing more yet.
    if (file === undefined) return undefined;
    // The one that was current may have been put away between the look and the opening.
    if (!listFullLogs(path).some((later) => later > number)) return { file, offset: 0 };
    await file.close();
  }
}

/** Number that a file got when it was put away; 0 of one that was removed since, as all that are left came after it. */
async function numberOf(path: string, file: FileHandle): Promise<number | "current"> {
  // Twice: a directory that is read while a file in it is renamed may show neither name (readdir(3)).
  for (let look = 0; look < 2; look++) {
    const { ino, nlink } = await file.stat();
    if (nlink === 0) return 0;
    if ((await inodeAt(path)) === ino) return "current";
    // The newest first: a reader is seldom far behind when its file is put away.
    for (const number of listFullLogs(path).reverse()) {
      if ((await inodeAt(fullLogPath(path, number))) === ino) return number;
    }
  }
  return 0;
}

async function openOldest(path: string): Promise<LogPlace | undefined> {
  for (;;) {
    const [oldest] = listFullLogs(path);
    const file = await tryOpen(oldest === undefined ? path : fullLogPath(path, oldest));
    if (oldest !== undefined) {
      if (file !== undefined) return { file, offset: 0, number: oldest };
      continue;
    }
    // The current file may have been put away between the look and the opening.
    if (listFullLogs(path).length === 0) return file === undefined ? undefined : { file, offset: 0 };
    await file?.close();
  }
}

async function openTail(path: string, count: number): Promise<LogPlace | undefined> {
  const search = new TailSearch(count);
  const current = await tryOpen(path);
  let place = current === undefined ? undefined : await searchTail(search, { file: current, offset: 0 });
  if (place?.isFound === true) return place;
  // Listed only now: a file that was put away before the current one was opened is among them.
  for (const number of listFullLogs(path).reverse()) {
    const file = await tryOpen(fullLogPath(path, number));
    if (file === undefined) continue;
    if (place !== undefined && (await file.stat()).ino === (await place.file.stat()).ino) {
      await file.close();
      continue;
    }
    await place?.file.close();
    place = await searchTail(search, { file, offset: 0, number });
    if (place.isFound) break;
  }
  return place;
}

async function searchTail(search: TailSearch, place: LogPlace): Promise<LogPlace & { isFound: boolean }> {
  const { isFound, offset } = await search.search(place.file);
  return { ...place, offset, isFound };
}

async function tryOpen(name: string): Promise<FileHandle | undefined> {
  return await open(name, "r").catch(() => undefined);
}

async function inodeAt(name: string): Promise<number | undefined> {
  return (await stat(name).catch(() => undefined))?.ino;
}
