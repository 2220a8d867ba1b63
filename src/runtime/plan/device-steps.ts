/**
 * Steps that fill /dev and make the links that programs expect. Pure.
 *
 * Source: runtime-spec config-linux.md, "Default Devices" and "Dev symbolic links".
 *
 * @module
 */
import type { ProcessStep } from "../../kernel/process/index.ts";
import type { OciConfig, OciDevice } from "../oci/config.ts";
import { hasUserNamespace } from "./user-namespace.ts";

const DEFAULT_DEVICES: readonly OciDevice[] = [
  { path: "/dev/null", type: "c", major: 1, minor: 3 },
  { path: "/dev/zero", type: "c", major: 1, minor: 5 },
  { path: "/dev/full", type: "c", major: 1, minor: 7 },
  { path: "/dev/random", type: "c", major: 1, minor: 8 },
  { path: "/dev/urandom", type: "c", major: 1, minor: 9 },
  { path: "/dev/tty", type: "c", major: 5, minor: 0 },
];

const DEV_LINKS: readonly (readonly [path: string, target: string])[] = [
  ["/dev/fd", "/proc/self/fd"],
  ["/dev/stdin", "/proc/self/fd/0"],
  ["/dev/stdout", "/proc/self/fd/1"],
  ["/dev/stderr", "/proc/self/fd/2"],
  ["/dev/ptmx", "pts/ptmx"],
  ["/dev/core", "/proc/kcore"],
];

const MODE = 0o666;

/** Plan device nodes and links. A /dev that is the host's (a bind) is left alone; one of the image gets them too. Only layers get an mtab: a directory is its owner's. */
export function planDevices(config: OciConfig, hasOverlay: boolean): ProcessStep[] {
  const root = config.root.path;
  const mtab: ProcessStep[] = hasOverlay
    ? [
        { op: "directory.make", root, path: "/etc" },
        { op: "link.make", root, path: "/etc/mtab", target: "/proc/mounts" },
      ]
    : [];
  const isForeign = config.mounts.some(({ destination, type }) => destination === "/dev" && type === "bind");
  if (isForeign) return mtab;
  const own = config.linux.devices ?? [];
  const defaults = DEFAULT_DEVICES.filter(({ path }) => !own.some((device) => device.path === path));
  return [
    ...[...defaults, ...own].map((device) =>
      hasUserNamespace(config) && device.type !== "p" ? planBoundDevice(root, device) : planDevice(root, device),
    ),
    ...DEV_LINKS.map(([path, target]): ProcessStep => ({ op: "link.make", root, path, target })),
    ...mtab,
  ];
}

function planDevice(root: string, device: OciDevice): ProcessStep {
  const { path, type, major, minor, fileMode = MODE, uid = 0, gid = 0 } = device;
  return { op: "device.make", root, path, type: type === "u" ? "c" : type, major, minor, mode: fileMode, uid, gid };
}

/** The host's node of that path: no user namespace may make any (mknod(2)). */
function planBoundDevice(root: string, { path }: OciDevice): ProcessStep {
  return { op: "mount.bind", source: path, root, target: path, isRecursive: false, flags: [] };
}
