/**
 * Flags of open(2) and the calls around it. The numbers that differ between architectures come from Node.
 *
 * @module
 */
import { constants } from "node:fs";

export const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_DIRECTORY, O_NOFOLLOW } = constants;
/** The same on every architecture that Node runs on (asm-generic/fcntl.h). */
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** linux/fcntl.h. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;
