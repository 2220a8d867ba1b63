/**
 * What the API can ask of the files of a container: copy them out and in, and tell what changed.
 *
 * @module
 */
import { closeSync, fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import type { ChangeInfo, FileInfo } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { unpackArchive } from "../../image/index.ts";
import { KernelError, openPathInRoot, readLink } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { listChanges } from "./list-changes.ts";
import { openContainerRoot } from "./open-root.ts";
import { packTree } from "./pack-tree.ts";

/** As many bytes and entries as one likes: they are the container's own to hold. */
const LIMITS = { maxBytes: Number.MAX_SAFE_INTEGER, maxEntries: Number.MAX_SAFE_INTEGER, isLive: true };

/** Reads and writes the files of containers. */
export class ContainerFilesApi {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** Tell what is at a path; a link itself unless `follows`. @throws {NetdError} CONTAINER_UNKNOWN, PATH_MISSING */
  stat(reference: string, path: string, follows: boolean): FileInfo {
    const fd = this.#open(this.#find(reference), path, follows);
    try {
      const status = fstatSync(fd);
      const type = status.isDirectory()
        ? "directory"
        : status.isFile()
          ? "file"
          : status.isSymbolicLink()
            ? "symlink"
            : "other";
      return {
        name: baseName(path),
        type,
        sizeBytes: status.size,
        mode: status.mode & 0o7777,
        modifiedAt: status.mtime.toISOString(),
        ...(type === "symlink" ? { linkTarget: readLink(fd) } : {}),
      };
    } finally {
      closeSync(fd);
    }
  }

  /** Pack what is at a path as a tar, in which it is called `name`. @throws {NetdError} PATH_MISSING */
  read(reference: string, path: string, { name, follows }: { name?: string; follows: boolean }): Readable {
    return packTree(this.#open(this.#find(reference), path, follows), name ?? baseName(path));
  }

  /** Unpack a tar in an existing directory of the container. @throws {NetdError} PATH_MISSING, IMAGE_ARCHIVE_CORRUPT … */
  async write(reference: string, path: string, archive: Readable): Promise<void> {
    const container = this.#find(reference);
    const { mounts = [], readOnly } = container.row.spec;
    const isMounted = mounts.some(({ target }) => `${path}/`.startsWith(`${target}/`));
    if (readOnly === true && !isMounted) {
      throw new NetdError(
        "PATH_READ_ONLY",
        `Cannot write to container '${container.row.name}': its root is read-only`,
        {
          remedy: "Write to a volume of it from the host, or make it without --read-only",
        },
      );
    }
    const fd = this.#open(container, path, true);
    try {
      if (!fstatSync(fd).isDirectory()) {
        throw new NetdError("PATH_MISSING", `Cannot unpack in '${path}': it is no directory, one wanted`, {
          remedy: "Give the directory that the files go to",
        });
      }
      await unpackArchive(archive, `/proc/self/fd/${fd}`, LIMITS);
    } finally {
      closeSync(fd);
    }
  }

  /** List what a container has added, changed and deleted. */
  changes(reference: string): ChangeInfo[] {
    return listChanges(this.#context, this.#find(reference));
  }

  #find(reference: string): Container {
    return this.#context.containers.find(reference);
  }

  #open(container: Container, path: string, follows: boolean): number {
    const rootFd = openContainerRoot(this.#context, container);
    try {
      return openPathInRoot(rootFd, path, follows);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      throw new NetdError(
        "PATH_MISSING",
        `Cannot find '${path}' in container '${container.row.name}': there is no such file or directory`,
        { remedy: `Look for it with 'netctl exec ${container.row.name} ls'`, cause: error },
      );
    } finally {
      closeSync(rootFd);
    }
  }
}

/** The last name of a path, as it is called outside: that of the root is a dot. */
function baseName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const last = parts.at(-1);
  return last === undefined || last === ".." ? "." : last;
}
