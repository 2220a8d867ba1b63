/**
 * The built-in image: the host's static busybox, a name for each of its applets, and the few files that programs expect.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { NetdError } from "../errors.ts";

/** What {@link makeBusybox} made. */
export interface BusyboxRoot {
  digest: string;
  sizeBytes: number;
}

/** Changed whenever the tree below would come out differently from the same busybox. */
const RECIPE = "netd-busybox-2";

const DIRECTORIES: [path: string, mode: number][] = [
  ["bin", 0o755],
  ["dev", 0o755],
  ["etc", 0o755],
  ["home", 0o755],
  ["proc", 0o755],
  ["root", 0o700],
  ["sbin", 0o755],
  ["sys", 0o755],
  ["tmp", 0o1777],
  ["usr", 0o755],
  ["usr/bin", 0o755],
  ["usr/sbin", 0o755],
  ["var", 0o755],
  ["var/log", 0o755],
  ["var/run", 0o755],
  ["var/spool", 0o755],
  ["var/spool/mail", 0o755],
  ["var/tmp", 0o1777],
  ["var/www", 0o755],
];

const FILES: [path: string, mode: number, content: string][] = [
  [
    "etc/passwd",
    0o644,
    `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`,
  ],
  [
    "etc/group",
    0o644,
    `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
wheel:x:10:root
mail:x:8:
utmp:x:43:
www-data:x:33:
staff:x:50:
users:x:100:
nogroup:x:65534:
`,
  ],
  ["etc/shadow", 0o640, "root:*:::::::\nnobody:*:::::::\n"],
  ["etc/nsswitch.conf", 0o644, "passwd: files\ngroup: files\nhosts: files dns\n"],
  // Mounted over in every container: making them there, in the upper layer of an overlay, takes each up to a millisecond.
  ["etc/hostname", 0o644, ""],
  ["etc/hosts", 0o644, ""],
  ["etc/resolv.conf", 0o644, ""],
  ["etc/profile", 0o644, "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"],
];

// elf.h
const ELF_MAGIC = 0x7f454c46;
const PT_INTERP = 3;

/** Describe a busybox so that a changed one is noticed without reading it. @throws {NetdError} IMAGE_UNKNOWN when it is missing */
export async function fingerprintBusybox(busybox: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs } = await stat(busybox);
    return `${RECIPE} ${busybox} ${dev}:${ino} ${size} ${mtimeMs}`;
  } catch (cause) {
    throw unusable(busybox, "it is missing", cause);
  }
}

/**
 * Make the root file system in the existing, empty directory `root`; it is on the disk on return.
 *
 * @throws {NetdError} IMAGE_UNKNOWN when `busybox` can't serve; whatever writing throws
 */
export async function makeBusybox(busybox: string, root: string): Promise<BusyboxRoot> {
  const program = await readFile(busybox).catch((cause: unknown) => {
    throw unusable(busybox, "it can't be read", cause);
  });
  if (!isStaticProgram(program)) throw unusable(busybox, "it is not a statically linked program");
  const applets = await listApplets(busybox);
  for (const [path, mode] of DIRECTORIES) makeDirectory(join(root, path), mode);
  for (const [path, mode, content] of FILES) {
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  }
  symlinkSync("/proc/mounts", join(root, "etc/mtab"));
  const installed = join(root, "bin/busybox");
  writeFileSync(installed, program);
  chmodSync(installed, 0o755);
  const made = new Set(DIRECTORIES.map(([path]) => path));
  for (const applet of applets) {
    if (!made.has(dirname(applet))) mkdirSync(join(root, dirname(applet)), { recursive: true, mode: 0o755 });
    made.add(dirname(applet));
    if (applet !== "bin/busybox") linkSync(installed, join(root, applet));
  }
  // Syncing the one large file also commits the names around it on journaling file systems, and costs least.
  for (const path of [installed, join(root, "bin"), root]) syncPath(path);
  const hash = createHash("sha256").update(RECIPE).update(program).update(applets.join("\n"));
  return { digest: hash.digest("hex"), sizeBytes: program.length };
}

/** Ask busybox for its applets with their usual places, such as `usr/bin/awk`. */
async function listApplets(busybox: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(busybox, ["--list-full"]).catch((cause: unknown) => {
    throw unusable(busybox, "it does not list its applets", cause);
  });
  const applets = stdout.split("\n").filter((path) => /^([a-z]+\/)*[^/]+$/.test(path) && !path.includes(".."));
  if (applets.length === 0) throw unusable(busybox, "it has no applets");
  return [...new Set(applets)].sort();
}

/** Whether this is an ELF program for 64 bits, least byte first, that needs no loader. */
function isStaticProgram(program: Buffer): boolean {
  if (program.length < 64 || program.readUInt32BE(0) !== ELF_MAGIC || program[4] !== 2 || program[5] !== 1)
    return false;
  const start = Number(program.readBigUInt64LE(32));
  const size = program.readUInt16LE(54);
  const count = program.readUInt16LE(56);
  if (start + size * count > program.length) return false;
  for (let n = 0; n < count; n += 1) {
    if (program.readUInt32LE(start + n * size) === PT_INTERP) return false;
  }
  return true;
}

/** Make a directory of exactly this mode, whatever the umask. */
function makeDirectory(path: string, mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, 0, 0);
}

function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unusable(busybox: string, reason: string, cause?: unknown): NetdError {
  return new NetdError(
    "IMAGE_UNKNOWN",
    `Cannot make image 'busybox' from '${busybox}': ${reason}, a static busybox wanted`,
    {
      remedy: "Install it with 'apt-get install busybox-static'",
      cause,
    },
  );
}
