/**
 * The file that says which names there are: replaced whole and atomically, so that a crash or a full disk leaves the old one.
 *
 * @module
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { NetdError } from "../errors.ts";
import { storeWriteFailed } from "./archive-error.ts";

/** How a container of an image runs unless its own definition says otherwise. */
export interface ImageConfig {
  cmd: string[];
  env: string[];
  /** Working directory; empty: `/`. */
  workdir: string;
  /** `USER[:GROUP]`; empty: root. */
  user: string;
  /** Ports that its programs listen on: `80/tcp`. */
  exposedPorts?: string[];
  /** Paths that get an anonymous volume each. */
  volumes?: string[];
  /** How a container's health is checked, in the words of the API. */
  healthcheck?: ImageHealthcheck;
}

/** A health check as an image brings it. */
export interface ImageHealthcheck {
  /** `CMD` and words, `CMD-SHELL` and a line, or `NONE`. */
  test?: string[];
  intervalMs?: number;
  timeoutMs?: number;
  retries?: number;
  startPeriodMs?: number;
  startIntervalMs?: number;
}

/** One name. */
export interface ImageRecord {
  /** `sha256:` and 64 hexadecimal digits. */
  id: string;
  /** ISO 8601. */
  createdAt: string;
  sizeBytes: number;
  config: ImageConfig;
  /** What a built-in image was made from; made again when that changes. */
  madeFrom?: string;
}

/** The file's content. */
interface IndexDocument {
  version: 1;
  images: Record<string, ImageRecord>;
}

/** Read the index; no file is an empty one. @throws {NetdError} STATE_UNREADABLE */
export function readImageIndex(path: string): Map<string, ImageRecord> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw unreadable(path, error);
  }
  try {
    const document = JSON.parse(text) as IndexDocument;
    if (document.version !== 1) throw new TypeError(`version ${String(document.version)} is not known`);
    return new Map(Object.entries(document.images));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Replace the index; it is on the disk on return. @throws {NetdError} STATE_WRITE_FAILED, and the old one is untouched */
export function writeImageIndex(path: string, images: ReadonlyMap<string, ImageRecord>): void {
  const document: IndexDocument = { version: 1, images: Object.fromEntries(images) };
  const next = `${path}.next`;
  try {
    const fd = openSync(next, "w", 0o600);
    try {
      writeWhole(fd, `${JSON.stringify(document, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(next, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(next, { force: true });
    throw storeWriteFailed("write the list of images", error);
  }
}

/** Make the names in a directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function unreadable(path: string, cause: unknown): NetdError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new NetdError("STATE_UNREADABLE", `Cannot read the list of images '${path}': ${text}`, {
    remedy: "Restore the file from a backup, or move it away and import the images again",
    cause,
  });
}
