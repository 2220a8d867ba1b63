/**
 * The process of an `exec`: from a file, or the container's first one with other words.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { OciCapabilities, OciConfig, OciProcess, OciUser } from "../oci/config.ts";
import { readOciDocument } from "../oci/load-bundle.ts";
import { parseOciProcess } from "../oci/parse-config.ts";
import type { CommandCall } from "./command.ts";
import type { Flags } from "./command-line.ts";

/** Find out what to run. @throws {NetdError} OCI_CONFIG_INVALID, API_REQUEST_INVALID, KERNEL_FEATURE_MISSING */
export function readExecProcess({ flags, args, report }: CommandCall, { process }: OciConfig): OciProcess {
  const file = flags.text("process");
  if (file !== undefined) return parseOciProcess(readOciDocument(file), report.warn);
  const words = args.slice(1);
  if (words.length === 0) {
    throw new NetdError("API_REQUEST_INVALID", "Cannot exec: process args cannot be empty", {
      remedy: "Name a command after the container's id, or a file with --process",
    });
  }
  for (const [flag, feature] of [
    ["apparmor", "AppArmor"],
    ["process-label", "SELinux"],
  ] as const) {
    if ((flags.text(flag) ?? "") !== "") throw missing(flag, feature);
  }
  return parseOciProcess(
    {
      ...process,
      args: words,
      terminal: flags.bool("tty"),
      cwd: flags.text("cwd") ?? process.cwd,
      env: [...process.env, ...flags.list("env")],
      user: parseUser(flags, process.user),
      ...(flags.has("no-new-privs") ? { noNewPrivileges: flags.bool("no-new-privs") } : {}),
      ...(process.capabilities === undefined
        ? {}
        : { capabilities: addCapabilities(process.capabilities, flags.list("cap")) }),
    },
    report.warn,
  );
}

/** As runc: a user of its own loses nothing of the first one's but what it names. */
function parseUser(flags: Flags, user: OciUser): OciUser {
  const text = flags.text("user");
  const gids = flags.list("additional-gids").map((gid) => parseId(gid, "additional-gids"));
  const [uid, gid] = text === undefined ? [] : text.split(":").map((id) => parseId(id, "user"));
  return {
    ...user,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(gids.length === 0 ? {} : { additionalGids: [...(user.additionalGids ?? []), ...gids] }),
  };
}

function parseId(text: string, flag: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new NetdError("API_REQUEST_INVALID", `Cannot use "${text}" of --${flag}: a numeric id wanted`, {
    remedy: "Give numbers, as in '--user 1000:1000'",
  });
}

/** Into the sets of which a program of root makes use; the others would pass them on to programs of anybody. */
function addCapabilities(sets: OciCapabilities, names: readonly string[]): OciCapabilities {
  const add = (set: string[]): string[] => [...new Set([...set, ...names])];
  return {
    bounding: add(sets.bounding),
    effective: add(sets.effective),
    permitted: add(sets.permitted),
    inheritable: sets.inheritable,
    ambient: sets.ambient,
  };
}

function missing(flag: string, feature: string): NetdError {
  return new NetdError("KERNEL_FEATURE_MISSING", `Cannot apply --${flag}: netd-runtime has no ${feature}`, {
    remedy: `Leave --${flag} away`,
  });
}
