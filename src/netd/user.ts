/**
 * Who a container's process is: `--user` against the image's own passwd and group files.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import type { OciUser } from "../runtime/index.ts";

/** The two account files of an image; empty text when it lacks one. */
export interface AccountFiles {
  passwd: string;
  group: string;
}

/** A resolved user and its home directory. */
export type ResolvedUser = OciUser & { home: string };

interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface Group {
  name: string;
  gid: number;
  members: string[];
}

/** Highest id that is not (uid_t)-1. */
const MAX_ID = 0xfffffffe;

/**
 * Resolve `UID`, `NAME`, `UID:GID` or `NAME:GROUP`, in any mixture, as docker does: ids need not exist, names must.
 *
 * @throws {NetdError} USER_UNKNOWN naming what is not in the image
 */
export function resolveUser(text: string, files: AccountFiles): ResolvedUser {
  const [userPart = "", groupPart] = (text === "" ? "0" : text).split(":", 2);
  const accounts = parsePasswd(files.passwd);
  const groups = parseGroups(files.group);
  const uid = parseId(userPart);
  const account = accounts.find(({ name }) => name === userPart) ?? accounts.find((known) => known.uid === uid);
  if (account === undefined && uid === undefined) throw unknown("user", userPart, "/etc/passwd");
  const user: ResolvedUser = { uid: account?.uid ?? uid!, gid: account?.gid ?? 0, home: account?.home ?? "/" };
  if (groupPart !== undefined && groupPart !== "") {
    const gid = groups.find(({ name }) => name === groupPart)?.gid ?? parseId(groupPart);
    if (gid === undefined) throw unknown("group", groupPart, "/etc/group");
    return { ...user, gid, additionalGids: [gid] };
  }
  const others = groups.filter(
    ({ members, gid }) => account !== undefined && members.includes(account.name) && gid !== user.gid,
  );
  // Its own among them: a file that this group has no access to stays closed after a setgid program (CVE-2022-36109).
  return { ...user, additionalGids: [user.gid, ...others.map(({ gid }) => gid)] };
}

/** Add groups, by name or number, to those that a user has. @throws {NetdError} USER_UNKNOWN naming what is not in the image */
export function addGroups(user: ResolvedUser, groups: readonly string[], files: AccountFiles): ResolvedUser {
  if (groups.length === 0) return user;
  const known = parseGroups(files.group);
  const gids = groups.map((text) => {
    const gid = known.find(({ name }) => name === text)?.gid ?? parseId(text);
    if (gid === undefined) throw unknown("group", text, "/etc/group");
    return gid;
  });
  return { ...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...gids])] };
}

function parsePasswd(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = "", , home = ""] = line.split(":");
    const [parsedUid, parsedGid] = [parseId(uid), parseId(gid)];
    return parsedUid === undefined || parsedGid === undefined
      ? []
      : [{ name, uid: parsedUid, gid: parsedGid, home: home || "/" }];
  });
}

function parseGroups(text: string): Group[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , gid = "", members = ""] = line.split(":");
    const parsed = parseId(gid);
    return parsed === undefined ? [] : [{ name, gid: parsed, members: members.split(",") }];
  });
}

function parseId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

function unknown(kind: string, name: string, file: string): NetdError {
  return new NetdError("USER_UNKNOWN", `Cannot run as ${kind} '${name}': the image's ${file} has none of that name`, {
    remedy: "Give a number, or a name that the image knows",
  });
}
