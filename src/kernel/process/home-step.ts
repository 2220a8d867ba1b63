/**
 * The step that finds the home directory of a user who was given none.
 *
 * Source: passwd(5). The file is the container's and says whatever it likes: it is opened inside the root only, must be a regular file, and is
 * read up to a limit.
 *
 * @module
 */
import { close, read } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { S_IFREG, statusOf } from "./file-status.ts";
import { O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDONLY } from "./open-flags.ts";
import { tryOpenInRoot } from "./root-path.ts";

/** Look up in the container's /etc/passwd where a user is at home, for an `exec` with `takesHome`. */
export interface HomeFindStep {
  op: "home.find";
  uid: number;
}

/** What a user without an entry gets: runc's choice. */
const NO_HOME = "/";
const FILE_MAX = 1 << 20;
const CHUNK = 1 << 16;

/** Carries out {@link HomeFindStep}. Never fails: a home is not worth a container. */
export const homeFind: ProcessStepDefinition<HomeFindStep> = {
  walk({ uid }, state) {
    state.home = findHome(readPasswd(state.rootFd), uid) ?? NO_HOME;
  },
  toShell: ({ uid }) => [
    `export HOME="$(awk -F: ${shellQuote(`$3 == ${uid} { print $6; exit }`)} /etc/passwd)"`,
    `: "\${HOME:=${NO_HOME}}"`,
  ],
};

/** Find the home directory in the first whole entry of a user. Undefined: there is none. */
export function findHome(passwd: string, uid: number): string | undefined {
  for (const line of passwd.split("\n")) {
    const [, , id, , , home = ""] = line.split(":");
    if (id !== String(uid)) continue;
    // A NUL ends a variable early.
    return home === "" || home.includes("\0") ? undefined : home;
  }
  return undefined;
}

/** Empty for what is missing or no regular file, cut at {@link FILE_MAX} bytes. */
function readPasswd(rootFd: number): string {
  const fd = tryOpenInRoot(rootFd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return "";
  const chunks: Buffer[] = [];
  if (statusOf(fd).type === S_IFREG) {
    for (let total = 0; total < FILE_MAX; ) {
      const chunk = Buffer.alloc(CHUNK);
      const length = Number(read(fd, chunk, CHUNK));
      if (length <= 0) break;
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
  }
  close(fd);
  return Buffer.concat(chunks).toString("utf8");
}
