/**
 * What goes wrong while an archive is read and unpacked, as errors for the user.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { KernelError } from "../kernel/index.ts";
import { quoteName, unsafeEntry } from "./entry-path.ts";

// errno.h
const EPERM = 1;
const ENOENT = 2;
const ENOTDIR = 20;
const ELOOP = 40;
/** What writing to a full or failing file system gives: ENOSPC, EDQUOT, EFBIG, EIO, EROFS. */
const WRITE_FAILURES = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS"]);
const WRITE_ERRNOS = new Set([28, 122, 27, 5, 30]);

/** Make the error of an archive that is damaged. `where` is how far it was read. */
export function corruptArchive(reason: string, where: number, cause?: unknown): NetdError {
  return new NetdError("IMAGE_ARCHIVE_CORRUPT", `Cannot read the archive: ${reason}, at byte ${where} of its content`, {
    remedy: "Make or download the archive again; a tar or a gzip-compressed tar is wanted",
    cause,
  });
}

/** Make the error of an archive that breaks a limit. */
export function archiveTooLarge(reason: string): NetdError {
  return new NetdError("IMAGE_TOO_LARGE", `Cannot unpack the archive: ${reason}`, {
    remedy: "Import a smaller archive",
  });
}

/** Whether `error` says that the state directory can't be written. */
export function isWriteFailure(error: unknown): boolean {
  if (error instanceof KernelError) return WRITE_ERRNOS.has(error.errno);
  return WRITE_FAILURES.has((error as NodeJS.ErrnoException | null)?.code ?? "");
}

/** Make the error of a store that can't be written. */
export function storeWriteFailed(what: string, cause: unknown): NetdError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new NetdError("STATE_WRITE_FAILED", `Cannot ${what}: ${text}`, {
    remedy: "Free space on the file system of the state directory, and see that netd may write there",
    cause,
  });
}

/** Turn what placing one entry threw into what the user sees. */
export function entryError(name: string, where: number, error: unknown): unknown {
  if (!(error instanceof KernelError))
    return isWriteFailure(error) ? storeWriteFailed("unpack the image", error) : error;
  if (isWriteFailure(error)) return storeWriteFailed("unpack the image", error);
  const entry = quoteName(name);
  switch (error.errno) {
    case ELOOP:
      return unsafeEntry(name, "its path leads through a symbolic link", error);
    case ENOTDIR:
      return corruptArchive(`entry ${entry} lies below something that is not a directory`, where, error);
    case ENOENT:
      return corruptArchive(
        `entry ${entry} is a hard link to a file that is not in the archive before it`,
        where,
        error,
      );
    case EPERM:
      return unsafeEntry(name, "the kernel does not permit to make it", error);
    default:
      return corruptArchive(`entry ${entry} can't be made (${error.message})`, where, error);
  }
}
