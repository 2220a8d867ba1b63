/**
 * Kernel parameters under /proc/sys (sysctl(8)). Those under `net` are each network namespace's own.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import { close, lastErrno, open, write } from "../libc.ts";
import { withNetns } from "../netns/netns.ts";

/** Where a parameter is looked for. */
export interface SysctlOptions {
  /** Name or path of a network namespace; default the thread's own. */
  netns?: string | undefined;
}

const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;
const ENOENT = 2;

/**
 * Path of a parameter. As in sysctl(8), the first separator decides: in `net/ipv4/conf/eth0.1/forwarding` the dot belongs to a name, and
 * in `net.ipv4.conf.eth0/1.forwarding` the slash stands for it.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
export function sysctlPath(key: string): string {
  const isDotted = key.search(/[./]/) >= 0 && key[key.search(/[./]/)] === ".";
  const parts = isDotted ? key.split(".").map((part) => part.replaceAll("/", ".")) : key.split("/");
  if (parts.every((part) => /^[^/\0]+$/.test(part) && part !== "." && part !== ".."))
    return `/proc/sys/${parts.join("/")}`;
  throw new NetdError(
    "API_REQUEST_INVALID",
    `Cannot use '${key}' as the name of a kernel parameter: it has an empty or relative part`,
    {
      remedy: "Give a name like net.ipv4.ip_forward",
    },
  );
}

/** Whether this kernel has a parameter. */
export function hasSysctl(key: string, { netns }: SysctlOptions = {}): boolean {
  return withNetns(netns, () => existsSync(sysctlPath(key)));
}

/** Read a parameter, without its line end. @throws {NetdError} KERNEL_FEATURE_MISSING when this kernel lacks it */
export function readSysctl(key: string, { netns }: SysctlOptions = {}): string {
  return withNetns(netns, () => {
    try {
      return readFileSync(sysctlPath(key), "utf8").trimEnd();
    } catch (error) {
      const { code, errno } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") throw missing(key);
      throw errno === undefined ? error : new KernelError(`read ${sysctlPath(key)}`, -errno);
    }
  });
}

/** Write a parameter. @throws {NetdError} KERNEL_FEATURE_MISSING when this kernel lacks it */
export function writeSysctl(key: string, value: string, { netns }: SysctlOptions = {}): void {
  const path = sysctlPath(key);
  withNetns(netns, () => {
    const fd = open(path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) {
      const errno = lastErrno();
      throw errno === ENOENT ? missing(key) : new KernelError(`open(${path}, O_WRONLY)`, errno);
    }
    try {
      const bytes = Buffer.from(`${value}\n`);
      check(Number(write(fd, bytes, bytes.length)), () => `write(${path}, '${value}')`);
    } finally {
      close(fd);
    }
  });
}

function missing(key: string): NetdError {
  return new NetdError(
    "KERNEL_FEATURE_MISSING",
    `Cannot use kernel parameter '${key}': ${sysctlPath(key)} does not exist`,
    {
      remedy: "Use a kernel that has it, or check the name of the link in it",
    },
  );
}
