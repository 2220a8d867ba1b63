/**
 * Devices of the host that a container gets: their nodes, and the permission to use them.
 *
 * @module
 */
import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import type { DeviceSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { OciDevice, OciDeviceRule } from "../../runtime/index.ts";

/** Devices as the configuration takes them. */
export interface ResolvedDevices {
  nodes: OciDevice[];
  rules: OciDeviceRule[];
}

/** Look at the devices; a directory stands for all devices in it. @throws {NetdError} DEVICE_MISSING */
export function resolveDevices(specs: readonly DeviceSpec[]): ResolvedDevices {
  const nodes = specs.flatMap((spec) => resolveDevice(spec).map((node) => ({ node, access: spec.access })));
  return {
    nodes: nodes.map(({ node }) => node),
    rules: nodes.map(({ node: { type, major, minor }, access }) => ({
      allow: true,
      type: type === "b" ? "b" : "c",
      major,
      minor,
      access,
    })),
  };
}

function resolveDevice({ source, target }: DeviceSpec): OciDevice[] {
  const status = statOf(source);
  if (status === undefined) throw missing(source, "there is no such file");
  const node = nodeOf(target, status);
  if (node !== undefined) return [node];
  if (!status.isDirectory()) throw missing(source, "it is no device");
  const found = walk(realpathSync(source), target);
  if (found.length === 0) throw missing(source, "there is no device in this directory");
  return found;
}

function walk(source: string, target: string): OciDevice[] {
  return readdirSync(source, { withFileTypes: true }).flatMap((entry) => {
    const from = `${source}/${entry.name}`;
    const to = `${target}/${entry.name}`;
    if (entry.isDirectory()) return walk(from, to);
    const status = entry.isSymbolicLink() ? undefined : statOf(from);
    const node = status === undefined ? undefined : nodeOf(to, status);
    return node === undefined ? [] : [node];
  });
}

function nodeOf(path: string, status: Stats): OciDevice | undefined {
  const type = status.isCharacterDevice() ? "c" : status.isBlockDevice() ? "b" : undefined;
  if (type === undefined) return undefined;
  const { major, minor } = splitDeviceNumber(status.rdev);
  return { path, type, major, minor, fileMode: status.mode & 0o777, uid: status.uid, gid: status.gid };
}

/** Take a device number apart: gnu_dev_major and gnu_dev_minor of sys/sysmacros.h, for numbers of 32 bits. */
function splitDeviceNumber(rdev: number): { major: number; minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function missing(source: string, why: string): NetdError {
  return new NetdError(
    "DEVICE_MISSING",
    `Cannot give device '${source}': ${why}, a device or a directory of devices wanted`,
    {
      remedy: "See the host's devices with 'ls -l /dev'",
    },
  );
}
