/**
 * Where a copy goes, by docker's rules of what is there and of slashes at the end. Pure.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { NetdError } from "../errors.ts";

/** One end of a copy. */
export interface CopyEnd {
  /** Absent: here. */
  container?: string;
  path: string;
}

/** What is copied. */
export interface CopySource {
  path: string;
  isDirectory: boolean;
}

/** Where it is copied to. */
export interface CopyPlace {
  path: string;
  exists: boolean;
  isDirectory: boolean;
  /** The directory above is there. */
  hasParent: boolean;
}

/** Unpack in `directory` what is called `name` in the tar; a dot: its content, right there. */
export interface CopyPlan {
  directory: string;
  name: string;
}

/** Parse `CONTAINER:PATH` or a path; one that begins with a slash or a dot is a path, whatever follows. A path in a container counts from /. */
export function parseCopyEnd(text: string): CopyEnd {
  const cut = text.indexOf(":");
  if (text === "-" || cut <= 0 || text.startsWith("/") || text.startsWith(".") || text.slice(0, cut).includes("/")) {
    return { path: text };
  }
  const path = text.slice(cut + 1);
  return { container: text.slice(0, cut), path: path.startsWith("/") ? path : `/${path}` };
}

/** Plan a copy. @throws {NetdError} PATH_MISSING when it can't go there */
export function planCopy(source: CopySource, target: CopyPlace): CopyPlan {
  const isContent = source.isDirectory && /(^|\/)\.$/.test(source.path);
  const own = baseName(source.path);
  if (target.exists) {
    if (target.isDirectory) return { directory: target.path, name: isContent ? "." : own };
    if (source.isDirectory) throw refused(target.path, "it is a file, and a directory is copied", "a directory");
    if (target.path.endsWith("/")) throw refused(target.path, "it is a file", "a directory");
    return { directory: dirname(target.path), name: basename(target.path) };
  }
  if (!target.hasParent) throw refused(target.path, "the directory above it does not exist", "one that does");
  if (!source.isDirectory && target.path.endsWith("/")) throw refused(target.path, "it does not exist", "a directory");
  return { directory: dirname(target.path), name: basename(target.path) };
}

/** The name that a path's end has outside; that of the root is a dot. */
function baseName(path: string): string {
  const clean = path.replace(/\/\.?$/, "");
  return clean === "" ? "." : basename(clean);
}

function refused(path: string, now: string, wanted: string): NetdError {
  return new NetdError("PATH_MISSING", `Cannot copy to '${path}': ${now}, ${wanted} wanted`, {
    remedy: "Make the directory first, or copy to another path",
  });
}
