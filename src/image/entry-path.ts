/**
 * Names inside archives. They are hostile: a name becomes a list of checked components or an error.
 *
 * @module
 */
import { NetdError } from "../errors.ts";

// linux/limits.h; PATH_MAX counts the zero byte.
const NAME_MAX = 255;
const PATH_MAX = 4096;

/**
 * Split the name of an archive entry, or the target of a hard link, into components below the root. Leading slashes and `.` are
 * dropped, as tar does; the root itself is the empty list.
 *
 * @throws {NetdError} IMAGE_ARCHIVE_UNSAFE for `..`, zero bytes, over-long names and names that are not UTF-8
 */
export function parseEntryPath(name: string): string[] {
  const components = name.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) throw unsafeEntry(name, "its name has '..' in it");
  if (name.includes("\0")) throw unsafeEntry(name, "its name has a zero byte in it");
  if (name.includes("\ufffd")) throw unsafeEntry(name, "its name is not UTF-8");
  if (components.some((component) => Buffer.byteLength(component) > NAME_MAX)) {
    throw unsafeEntry(name, `a part of its name is longer than ${NAME_MAX} bytes`);
  }
  if (Buffer.byteLength(name) >= PATH_MAX) throw unsafeEntry(name, `its name is longer than ${PATH_MAX - 1} bytes`);
  return components;
}

/**
 * Check the target of a symbolic link. It may point anywhere: it is never followed outside a container.
 *
 * @throws {NetdError} IMAGE_ARCHIVE_UNSAFE
 */
export function checkLinkTarget(name: string, target: string): string {
  if (target.includes("\0") || target.includes("\ufffd"))
    throw unsafeEntry(name, "its link target is not a path in UTF-8");
  if (Buffer.byteLength(target) >= PATH_MAX)
    throw unsafeEntry(name, `its link target is longer than ${PATH_MAX - 1} bytes`);
  return target;
}

/** Make the error of an entry that would reach, or could be taken to reach, outside the root. */
export function unsafeEntry(name: string, reason: string, cause?: unknown): NetdError {
  return new NetdError("IMAGE_ARCHIVE_UNSAFE", `Cannot unpack entry ${quoteName(name)}: ${reason}`, {
    remedy: "Do not trust this archive; make it again with plain names below its root",
    cause,
  });
}

/** Quote a name for a message: control characters escaped, long ones cut. */
export function quoteName(name: string): string {
  const shown = name.length > 120 ? `${name.slice(0, 120)}…` : name;
  return `'${JSON.stringify(shown).slice(1, -1)}'`;
}
