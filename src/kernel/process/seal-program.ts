/**
 * Puts the program that we run out of reach of containers.
 *
 * A process of a container can, with luck and CAP_SYS_PTRACE, reach the file of a process that enters the container through
 * /proc/PID/exe, and overwrite it (CVE-2019-5736). So we execute ourselves once more, from a detached read-only copy of the mount that the
 * program's file is on: writing through it answers EROFS, whoever asks.
 *
 * @module
 */
import { check, KernelError } from "../errno.ts";
import { execve, fcntl, lastErrno } from "../libc.ts";
import { SEALED } from "../proc/index.ts";
import { addMountFlags, cloneMount } from "./mount-attributes.ts";
import { AT_FDCWD } from "./open-flags.ts";

/** fcntl.h */
const F_SETFD = 2;

/** What {@link sealProgram} executes. */
export interface SealProgramOptions {
  /** Path of the program's file. */
  program: string;
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  /** So many descriptors from 3 on stay open. */
  preserved?: number;
}

/** Execute the program from a read-only mount of its file. Returns only by an error. @throws {KernelError} */
export function sealProgram({ program, argv, env, preserved = 0 }: SealProgramOptions): never {
  const mountFd = cloneMount(AT_FDCWD, program, false);
  addMountFlags(mountFd, ["ro"]);
  const path = `/proc/self/fd/${mountFd}`;
  const envp = Object.entries({ ...env, [SEALED]: "1" }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  // Node marks them close-on-exec.
  for (let fd = 0; fd < 3 + preserved; fd++) fcntl(fd, F_SETFD, 0);
  check(execve(path, [...argv, null], [...envp, null]), () => `execve(${program})`);
  throw new KernelError(`execve(${program})`, lastErrno());
}
