/**
 * Writes settings into the files of a cgroup.
 *
 * @module
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { type CgroupSetting, limitError } from "./setting.ts";

const ENOENT = 2;
const EBUSY = 16;
const EINVAL = 22;
const ERANGE = 34;

/**
 * Write settings in their order. The kernel checks pairs against each other at each write, such as memory against memory and swap: one that it
 * refuses is written again after the others.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING when the host lacks what one needs, LIMIT_IN_USE, KERNEL_CALL_FAILED
 */
export function writeSettings(path: string, settings: readonly CgroupSetting[]): void {
  using file = new OpenFile();
  const refused = settings.filter((setting) => !tryWrite(path, setting, file));
  for (const setting of refused) {
    if (!tryWrite(path, setting, file)) throw refusal(path, setting, file.lastError);
  }
}

/** The file that was written last, still open: rules of devices go into the same one by the dozen. */
class OpenFile implements Disposable {
  #path = "";
  #fd = -1;
  lastError: unknown;

  write(path: string, text: string): void {
    if (path !== this.#path) {
      this[Symbol.dispose]();
      this.#fd = openSync(path, constants.O_WRONLY);
      this.#path = path;
    }
    writeSync(this.#fd, text);
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#path = "";
  }
}

/** False: refused, maybe because of another setting. */
function tryWrite(path: string, setting: CgroupSetting, file: OpenFile): boolean {
  const { mountPoint, instead, isOptional } = setting;
  if (mountPoint === "") return missing(path, setting);
  for (const { file: name, text } of [setting, ...(instead === undefined ? [] : [instead])]) {
    const target = `${mountPoint}${path}/${name}`;
    try {
      file.write(target, text);
      return true;
    } catch (error) {
      const errno = -((error as NodeJS.ErrnoException).errno ?? 0);
      if (errno === ENOENT) continue;
      file.lastError = error;
      if (errno === EINVAL || errno === EBUSY || errno === ERANGE) return false;
      throw errno === 0 ? error : new KernelError(`write '${text}' to ${target}`, errno);
    }
  }
  return isOptional === true || missing(path, setting);
}

function missing(path: string, { controller, file, isOptional }: CgroupSetting): true {
  if (isOptional) return true;
  throw new NetdError(
    "KERNEL_FEATURE_MISSING",
    `Cannot limit cgroup ${path}: controller '${controller}' has no ${file} here, a kernel with it wanted`,
    { remedy: `Leave the limit out, or boot a kernel with controller '${controller}' and mount it` },
  );
}

/** What to say of a value that the kernel does not take. */
function refusal(path: string, { mountPoint, file, text }: CgroupSetting, error: unknown): NetdError {
  const target = `${mountPoint}${path}/${file}`;
  const errno = -((error as NodeJS.ErrnoException).errno ?? 0);
  if (errno === EBUSY && file.startsWith("memory.")) return inUse(path, text, readUsage(`${mountPoint}${path}`));
  if (file.startsWith("cpuset.")) {
    const what = file.endsWith("cpus") ? "processors" : "memory nodes";
    return limitError(
      `cgroup ${path} to ${what} '${text}'`,
      "the host or the parent cgroup does not have all of them",
      "some that they have",
    );
  }
  return new KernelError(`write '${text}' to ${target}`, errno);
}

/** The error of a limit below what is used. */
export function inUse(path: string, wanted: string, used: string): NetdError {
  return new NetdError(
    "LIMIT_IN_USE",
    `Cannot limit the memory of cgroup ${path} to ${wanted} bytes: ${used} bytes are in use`,
    {
      remedy: "Give a larger limit, or have the container let go of memory first",
    },
  );
}

/** Bytes in use, for a message. */
function readUsage(directory: string): string {
  for (const file of ["memory.usage_in_bytes", "memory.current"]) {
    try {
      return readFileSync(`${directory}/${file}`, "utf8").trim();
    } catch {
      // The other version's name.
    }
  }
  return "more";
}
