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
}

/** Open a log at its first line, or where its last `tail` lines begin; undefined when there is none yet. */
export async function openLog(path: string, tail: number | undefined): Promise<LogPlace | undefined> {
  return tail === undefined ? await openOldest(path) : await openTail(path, tail);
}

/** Open the file that was written after `file`; undefined when `file` is the current one, or there is none any more. */
export async function openNextLog(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  for (;;) {
    const [name] = await filesAfter(path, file);
    const next = await tryOpen(name);
    // A full file that is gone was the oldest; without a current one there is nothing more yet.
    if (next === undefined && name !== undefined && name !== path) continue;
    if (next === undefined) return undefined;
    // It may have got its name from a later one between the look and the opening.
    const [first] = await filesAfter(path, file);
    if (first !== undefined && (await isFileAt(first, next))) return next;
    await next.close();
  }
}

/** Names of the files after `file`, oldest first. Of a file that was removed in the meantime, all that are left come after. */
async function filesAfter(path: string, file: FileHandle): Promise<string[]> {
  if (await isFileAt(path, file)) return [];
  const full = fullLogs(path);
  for (const [index, name] of full.entries()) if (await isFileAt(name, file)) return [...full.slice(index + 1), path];
  return [...full, path];
}

async function openOldest(path: string): Promise<LogPlace | undefined> {
  for (;;) {
    const [oldest = path] = fullLogs(path);
    const file = await tryOpen(oldest);
    if (file === undefined && oldest === path && fullLogs(path).length === 0) return undefined;
    // The current file may have been put away between the look and the opening.
    if (file !== undefined && (await isFileAt(fullLogs(path)[0] ?? path, file))) return { file, offset: 0 };
    await file?.close();
  }
}

async function openTail(path: string, count: number): Promise<LogPlace | undefined> {
  const search = new TailSearch(count);
  let place: LogPlace | undefined;
  for (const name of [
    path,
    ...listFullLogs(path)
      .reverse()
      .map((number) => fullLogPath(path, number)),
  ]) {
    const file = await tryOpen(name);
    if (file === undefined) continue;
    if (place !== undefined && (await isSameFile(file, place.file))) {
      await file.close();
      continue;
    }
    await place?.file.close();
    const { isFound, offset } = await search.search(file);
    place = { file, offset };
    if (isFound) break;
  }
  return place;
}

function fullLogs(path: string): string[] {
  return listFullLogs(path).map((number) => fullLogPath(path, number));
}

async function tryOpen(name: string | undefined): Promise<FileHandle | undefined> {
  return name === undefined ? undefined : await open(name, "r").catch(() => undefined);
}

async function isFileAt(name: string, file: FileHandle): Promise<boolean> {
  const there = await stat(name).catch(() => undefined);
  return there !== undefined && there.ino === (await file.stat()).ino;
}

async function isSameFile(one: FileHandle, other: FileHandle): Promise<boolean> {
  return (await one.stat()).ino === (await other.stat()).ino;
}
