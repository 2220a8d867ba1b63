/**
 * The command line of an OCI runtime: global options, then a command.
 *
 * @module
 */

import { isSealed, SEALED } from "../../kernel/proc/index.ts";
import type { CommandSpec, GlobalOptions } from "./command.ts";
import { type FlagSpec, type Flags, parseWords, UsageError } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { formatCommandHelp, formatHelp } from "./help.ts";
import { loadSeal } from "./load-forking.ts";
import { countPreserved } from "./preserved.ts";
import { Reporter } from "./report.ts";

/** What {@link runCommandLine} needs besides the words. */
export interface CommandLineOptions {
  version: string;
  /** Our own file. */
  script: string;
}

/** Newest version of the runtime specification that is known here. */
const SPEC_VERSION = "1.3.0";
const DEFAULT_ROOT = "/run/netd-runtime";
const FAILED = 1;

const HELP: FlagSpec = { names: ["help", "h"], kind: "bool", usage: "show help" };

const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { names: ["debug"], kind: "bool", usage: "enable debug logging" },
  { names: ["log"], kind: "text", usage: "set the log file", byDefault: "standard error" },
  { names: ["log-format"], kind: "text", usage: "set the log format: text or json", byDefault: "text" },
  {
    names: ["root"],
    kind: "text",
    usage: "directory for the state of containers, on a tmpfs",
    byDefault: DEFAULT_ROOT,
  },
  {
    names: ["cgroup-manager"],
    kind: "text",
    usage: "who makes cgroups; only cgroupfs is known",
    byDefault: "cgroupfs",
  },
  { names: ["systemd-cgroup"], kind: "bool", usage: "have systemd make cgroups, which is refused" },
  { names: ["criu"], kind: "text", usage: "path to the criu binary, taken without effect" },
  {
    names: ["rootless"],
    kind: "text",
    usage: "ignore cgroup permission errors: true, false or auto",
    byDefault: "auto",
  },
  HELP,
  { names: ["version", "v"], kind: "bool", usage: "print the version" },
];

/** Run a command line; resolves with the exit code. */
export async function runCommandLine(words: readonly string[], options: CommandLineOptions): Promise<number> {
  let report = new Reporter({ format: "text", isDebug: false });
  let command: CommandSpec | undefined;
  try {
    const { flags, args } = parseWords(words, { specs: GLOBAL_FLAGS, isOrdered: true });
    report = makeReporter(flags);
    const [name, ...rest] = args;
    if (flags.bool("version")) return print(formatVersion(options.version));
    if (name === undefined || name === "help" || name === "h" || flags.bool("help")) {
      const about = COMMANDS.find((candidate) => candidate.name === rest[0]);
      return print(about === undefined ? formatHelp(COMMANDS, GLOBAL_FLAGS) : formatCommandHelp(about));
    }
    command = COMMANDS.find((candidate) => candidate.name === name);
    if (command === undefined) throw new UsageError(`No help topic for '${name}'`);
    const call = parseWords(rest, { specs: [...command.flags, HELP], isOrdered: command.isOrdered ?? false });
    if (call.flags.bool("help")) return print(formatCommandHelp(command));
    checkCount(command, call.args);
    if (command.forks === true) ensureSealed(call.flags, options.script);
    return await command.load()({ ...call, global: readGlobal(flags, options), report });
  } catch (error) {
    report.failure(
      error instanceof UsageError
        ? new UsageError(`${error.message}; try: netd-runtime ${command?.name ?? ""} --help`)
        : error,
    );
    return command?.failure ?? FAILED;
  }
}

/** Execute ourselves again, once, from a file that no container can write. */
function ensureSealed(flags: Flags, script: string): void {
  const preserved = countPreserved(flags.number("preserve-fds") ?? 0, process.env);
  if (!isSealed(process.env)) loadSeal().seal(script, preserved);
  delete process.env[SEALED];
}

function makeReporter(flags: Flags): Reporter {
  const format = flags.text("log-format") ?? "text";
  if (format !== "text" && format !== "json") throw new UsageError(`invalid log-format: ${format}`);
  const logFile = flags.text("log");
  return new Reporter({ format, isDebug: flags.bool("debug"), ...(logFile ? { logFile } : {}) });
}

function readGlobal(flags: Flags, { version, script }: CommandLineOptions): GlobalOptions {
  const manager = flags.text("cgroup-manager") ?? "cgroupfs";
  if (flags.bool("systemd-cgroup") || manager === "systemd") {
    throw new UsageError("systemd makes no cgroups for netd-runtime: leave --systemd-cgroup away");
  }
  if (manager !== "cgroupfs") throw new UsageError(`there is no cgroup manager "${manager}"`);
  return { root: flags.text("root") ?? DEFAULT_ROOT, isSystemdCgroup: false, version, script };
}

function checkCount({ name, count: [min, max] }: CommandSpec, args: readonly string[]): void {
  if (args.length >= min && args.length <= max) return;
  const wanted = min === max ? `exactly ${min}` : args.length < min ? `a minimum of ${min}` : `a maximum of ${max}`;
  throw new UsageError(`"netd-runtime ${name}" requires ${wanted} argument(s)`);
}

function formatVersion(version: string): string {
  return `netd-runtime version ${version}\nspec: ${SPEC_VERSION}\nnode: ${process.version}\n`;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
