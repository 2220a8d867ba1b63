/**
 * The options of `run` and `create` about processes and their namespaces: docker's, and podman's for user namespaces.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { ContainerSpec, IdMap, Ulimit } from "../api/index.ts";
import { collect } from "./command-options.ts";
import { integerParser } from "./parse-number.ts";
import { UsageError } from "./usage-error.ts";

/** Options as commander parses them. */
export interface ProcessOptions {
  sysctl?: string[];
  ulimit?: string[];
  groupAdd?: string[];
  oomScoreAdj?: number;
  init?: boolean;
  pid?: string;
  uts?: string;
  userns?: string;
  uidmap?: string[];
  gidmap?: string[];
}

const OOM_SCORE_ADJ_MAX = 1000;

/** Add the options. */
export function addProcessOptions(command: Command): void {
  command
    .option("--sysctl <name=value>", "set a kernel parameter of its namespaces", collect)
    .option("--ulimit <name=soft[:hard]>", "limit of setrlimit(2), such as nofile=1024:2048 (-1: none)", collect)
    .option("--group-add <group>", "a further group of the command, by name or number", collect)
    .addOption(
      new Option("--oom-score-adj <number>", "how readily it is killed when memory is short: -1000 to 1000").argParser(
        parseScore,
      ),
    )
    .option("--init", "have a first process that reaps zombies and passes signals on to the command")
    .option("--pid <namespace>", "host, or container:NAME: see the processes of the host, or of another container")
    .option("--uts <namespace>", "host: have the host's name")
    .option("--userns <mode>", "auto: be root inside and nobody outside; host (the default)")
    .option("--uidmap <inside:outside:count>", "a range of users of its own user namespace", collect)
    .option("--gidmap <inside:outside:count>", "the same for groups (default: as --uidmap)", collect);
}

/** Make their part of the specification. */
export function toProcessSpec(options: ProcessOptions): Partial<ContainerSpec> {
  const { sysctl, ulimit, groupAdd, oomScoreAdj, init, pid, uts } = options;
  const userns = parseUserns(options);
  if (uts !== undefined && uts !== "host" && uts !== "") {
    throw new UsageError(`Cannot use --uts '${uts}': 'host' wanted`, "leave --uts out for a host name of its own");
  }
  return {
    ...(sysctl === undefined ? {} : { sysctls: Object.fromEntries(sysctl.map(parseSysctl)) }),
    ...(ulimit === undefined ? {} : { ulimits: ulimit.map(parseUlimit) }),
    ...(groupAdd === undefined ? {} : { groupAdd }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    ...(init === true ? { init } : {}),
    ...(pid === undefined || pid === "" || pid === "private" ? {} : { pid }),
    ...(uts === "host" ? { uts } : {}),
    ...(userns === undefined ? {} : { userns }),
  };
}

/** Parse `NAME=VALUE`. @throws {UsageError} */
export function parseSysctl(text: string): [name: string, value: string] {
  const cut = text.indexOf("=");
  if (cut > 0 && cut < text.length - 1) return [text.slice(0, cut), text.slice(cut + 1)];
  throw new UsageError(`Cannot read --sysctl '${text}': NAME=VALUE wanted`, "--sysctl net.ipv4.ip_forward=1");
}

/** Parse `NAME=SOFT[:HARD]`; one number is both. @throws {UsageError} */
export function parseUlimit(text: string): Ulimit {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? [];
  if (name === undefined || soft === undefined) {
    throw new UsageError(`Cannot read --ulimit '${text}': NAME=SOFT[:HARD] wanted`, "--ulimit nofile=1024:2048");
  }
  return { name, soft: Number(soft), hard: Number(hard) };
}

/** Parse `INSIDE:OUTSIDE[:COUNT]`, podman's form. @throws {UsageError} */
export function parseIdMap(text: string): IdMap {
  const [, inside, outside, size = "1"] = /^(\d{1,10}):(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (inside === undefined) {
    throw new UsageError(`Cannot read the ids '${text}': INSIDE:OUTSIDE:COUNT wanted`, "--uidmap 0:231072:65536");
  }
  return { containerId: Number(inside), hostId: Number(outside), size: Number(size) };
}

function parseScore(text: string): number {
  const score = integerParser("--oom-score-adj", -OOM_SCORE_ADJ_MAX)(text);
  if (score <= OOM_SCORE_ADJ_MAX) return score;
  throw new UsageError(`Cannot read --oom-score-adj '${text}': -1000 to 1000 wanted`, "--oom-score-adj 500");
}

function parseUserns({ userns, uidmap, gidmap }: ProcessOptions): ContainerSpec["userns"] {
  if (userns !== undefined && !["", "host", "auto"].includes(userns)) {
    throw new UsageError(`Cannot use --userns '${userns}': 'host' or 'auto' wanted`, "--userns auto");
  }
  if (uidmap === undefined && gidmap === undefined) return userns === "auto" ? { mode: "auto" } : undefined;
  if (userns !== undefined) {
    throw new UsageError("Cannot use --userns and ranges of ids: one of the two wanted", "leave --userns out");
  }
  const uids = (uidmap ?? gidmap ?? []).map(parseIdMap);
  return { mode: "map", uids, gids: gidmap === undefined ? uids : gidmap.map(parseIdMap) };
}
