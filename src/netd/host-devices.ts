/**
 * The device nodes of the host, for containers that get them all.
 *
 * @module
 */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import type { OciDevice } from "../runtime/index.ts";

/** What a container has of its own, or what is none of its business: moby's and containerd's list. */
const LEFT_OUT: readonly string[] = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"];

/** List device nodes below a directory; links and what vanishes meanwhile are left out. */
export function listHostDevices(directory = "/dev"): OciDevice[] {
  return readEntries(directory).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (LEFT_OUT.includes(entry.name)) return [];
    if (entry.isDirectory()) return listHostDevices(path);
    return entry.isCharacterDevice() || entry.isBlockDevice() ? describeDevice(path) : [];
  });
}

function readEntries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function describeDevice(path: string): OciDevice[] {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || !(status.isCharacterDevice() || status.isBlockDevice())) return [];
  const { rdev, mode, uid, gid } = status;
  return [
    { path, type: status.isBlockDevice() ? "b" : "c", ...deviceNumbers(rdev), fileMode: mode & 0o7777, uid, gid },
  ];
}

/** gnu_dev_major and gnu_dev_minor of sys/sysmacros.h, for numbers of 32 bits. */
function deviceNumbers(rdev: number): { major: number; minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
