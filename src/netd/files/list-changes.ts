/**
 * What a container changed of its image: the upper directory of its overlay, read beside the layers below.
 *
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 *
 * @module
 */
import { closeSync, fstatSync, readdirSync, type Stats } from "node:fs";
import type { ChangeInfo } from "../../api/index.ts";
import { openEntry, openOverlayRoot, readAttribute, reopen } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";

/** What every start makes where the image lacks it: mount points, and a link. */
const MOUNT_POINTS = ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab"];

/** List the changes by path: added, changed, deleted. What was only made to be mounted on is left out. */
export function listChanges({ images }: DaemonContext, { row, paths }: Container): ChangeInfo[] {
  const own = new Set([...MOUNT_POINTS, ...(row.spec.mounts ?? []).map(({ target }) => target)]);
  const changes: ChangeInfo[] = [];
  const upper = openOverlayRoot({ lower: [paths.upper] });
  try {
    const lower = openOverlayRoot({ lower: images.layersOf(row.image.id) });
    try {
      compare(upper, lower, "", { own, changes });
    } finally {
      closeSync(lower);
    }
  } finally {
    closeSync(upper);
  }
  return changes;
}

interface Comparison {
  own: ReadonlySet<string>;
  changes: ChangeInfo[];
}

/** Compare two directories; `lower` is -1 where the image has none. Returns whether anything was found. */
function compare(upper: number, lower: number, path: string, comparison: Comparison): boolean {
  const { changes, own } = comparison;
  const before = changes.length;
  const directory = reopen(upper);
  try {
    const names = readdirSync(`/proc/self/fd/${directory}`);
    const isOpaque = path !== "" && readAttribute(directory, "trusted.overlay.opaque")?.toString() === "y";
    const gone = isOpaque && lower >= 0 ? namesIn(lower).filter((name) => !names.includes(name)) : [];
    for (const name of [...names, ...gone].sort()) {
      const at = `${path}/${name}`;
      if (gone.includes(name)) {
        changes.push({ kind: "D", path: at });
        continue;
      }
      within(directory, name, (entry, status) => {
        withinOrNone(lower, name, (below, belowStatus) => {
          compareEntry({ entry, status, below, belowStatus, at }, comparison);
        });
      });
    }
  } finally {
    closeSync(directory);
  }
  return changes.length > before && !own.has(path);
}

interface Entries {
  entry: number;
  status: Stats;
  /** -1 and undefined: the image has none. */
  below: number;
  belowStatus: Stats | undefined;
  at: string;
}

function compareEntry({ entry, status, below, belowStatus, at }: Entries, comparison: Comparison): void {
  const { changes, own } = comparison;
  if (status.isCharacterDevice() && status.rdev === 0) {
    changes.push({ kind: "D", path: at });
    return;
  }
  const place = changes.length;
  if (!status.isDirectory()) {
    if (!own.has(at)) changes.push({ kind: belowStatus === undefined ? "A" : "C", path: at });
    return;
  }
  const isBoth = belowStatus?.isDirectory() === true;
  const hasFindings = compare(entry, isBoth ? below : -1, at, comparison);
  const isNew = belowStatus === undefined;
  const isOther = belowStatus !== undefined && !isAlike(status, belowStatus);
  if (own.has(at) && !hasFindings) return;
  if (isNew && !hasFindings && holdsOwn(at, own)) return;
  if (isNew || isOther || hasFindings) changes.splice(place, 0, { kind: isNew ? "A" : "C", path: at });
}

/** Made on the way to a mount point. */
function holdsOwn(path: string, own: ReadonlySet<string>): boolean {
  return [...own].some((target) => target.startsWith(`${path}/`));
}

function isAlike(a: Stats, b: Stats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

function namesIn(fd: number): string[] {
  const directory = reopen(fd);
  try {
    return readdirSync(`/proc/self/fd/${directory}`);
  } finally {
    closeSync(directory);
  }
}

function within(directory: number, name: string, use: (fd: number, status: Stats) => void): void {
  withinOrNone(directory, name, (fd, status) => {
    if (status !== undefined) use(fd, status);
  });
}

function withinOrNone(directory: number, name: string, use: (fd: number, status: Stats | undefined) => void): void {
  let fd = -1;
  try {
    if (directory >= 0) fd = openEntry(directory, name);
  } catch {
    // There is none, or none any more.
  }
  try {
    use(fd, fd < 0 ? undefined : fstatSync(fd));
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
