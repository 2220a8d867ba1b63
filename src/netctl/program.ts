/**
 * The commands of netctl, and the parser made of them.
 *
 * @module
 */
import { Command } from "commander";
import { defineAcl } from "./commands/acl.ts";
import { defineAllow, defineDeny } from "./commands/allow.ts";
import { defineAttach } from "./commands/attach.ts";
import { defineChange } from "./commands/change.ts";
import { defineCompletion } from "./commands/completion.ts";
import { defineCp } from "./commands/cp.ts";
import { defineCreate } from "./commands/create.ts";
import { defineDiff } from "./commands/diff.ts";
import { defineDoctor, defineDrift } from "./commands/drift.ts";
import { defineEvents } from "./commands/events.ts";
import { defineExec } from "./commands/exec.ts";
import { defineExposure } from "./commands/exposure.ts";
import { defineImage } from "./commands/image.ts";
import { defineImages } from "./commands/images.ts";
import { defineInfo } from "./commands/info.ts";
import { defineInspect } from "./commands/inspect.ts";
import { defineKill } from "./commands/kill.ts";
import { defineLease } from "./commands/lease.ts";
import { defineLogs } from "./commands/logs.ts";
import { defineLs } from "./commands/ls.ts";
import { defineNet } from "./commands/net.ts";
import { definePause, defineUnpause } from "./commands/pause.ts";
import { definePort } from "./commands/port.ts";
import { definePs } from "./commands/ps.ts";
import { definePublish, defineUnpublish } from "./commands/publish.ts";
import { defineRename } from "./commands/rename.ts";
import { defineRestart } from "./commands/restart.ts";
import { defineRm } from "./commands/rm.ts";
import { defineRun } from "./commands/run.ts";
import { defineSandbox } from "./commands/sandbox.ts";
import { defineStart } from "./commands/start.ts";
import { defineStats } from "./commands/stats.ts";
import { defineStop } from "./commands/stop.ts";
import { defineTop } from "./commands/top.ts";
import { defineUpdate } from "./commands/update.ts";
import { defineVersion } from "./commands/version.ts";
import { defineVolume } from "./commands/volume.ts";
import { defineWait } from "./commands/wait.ts";
import type { NetctlContext } from "./context.ts";
import { NETCTL_VERSION } from "./version.ts";

export type { NetctlContext };

/** Fills in a command's arguments, options, examples and action. */
type Define = (command: Command, context: NetctlContext) => void;

/** One command as `netctl -h` knows it. The rest is defined when it is wanted: each start pays for one command. */
interface CommandEntry {
  name: string;
  summary: string;
  define: Define;
  /** Docker's name for it. */
  alias?: string;
}

const GROUPS: Record<string, CommandEntry[]> = {
  "Containers:": [
    {
      name: "run",
      summary: "create and start a container, and follow it to its end",
      define: defineRun,
    },
    {
      name: "create",
      summary: "create a container without starting it",
      define: defineCreate,
    },
    { name: "start", summary: "start containers", define: defineStart },
    { name: "stop", summary: "stop containers", define: defineStop },
    {
      name: "restart",
      summary: "stop and start containers",
      define: defineRestart,
    },
    {
      name: "kill",
      summary: "send a signal to containers",
      define: defineKill,
    },
    {
      name: "wait",
      summary: "wait for the end of containers and print their exit codes",
      define: defineWait,
    },
    {
      name: "update",
      summary: "change the restart policy of containers",
      define: defineUpdate,
    },
    { name: "pause", summary: "have all processes of containers stand still", define: definePause },
    { name: "unpause", summary: "have paused containers go on", define: defineUnpause },
    { name: "rename", summary: "give a container another name", define: defineRename },
    { name: "rm", summary: "remove containers", define: defineRm },
    {
      name: "exec",
      summary: "run one more command in a container",
      define: defineExec,
    },
    {
      name: "attach",
      summary: "tie this terminal to a running container",
      define: defineAttach,
    },
    {
      name: "logs",
      summary: "print what a container wrote",
      define: defineLogs,
    },
    { name: "cp", summary: "copy files between a container and here", define: defineCp },
    { name: "diff", summary: "list what a container changed of its image", define: defineDiff },
    { name: "ps", summary: "list containers", define: definePs },
    { name: "stats", summary: "tell what containers use, every second", define: defineStats },
    { name: "top", summary: "list the processes of a container", define: defineTop },
    {
      name: "inspect",
      summary: "tell all about containers",
      define: defineInspect,
    },
  ],
  "Network:": [
    { name: "ls", summary: "list address leases", define: defineLs },
    { name: "lease", summary: "reserve, release, collect, export and import addresses", define: defineLease },
    {
      name: "net",
      summary: "create, change, list, inspect and remove networks; connect containers to them",
      define: defineNet,
      alias: "network",
    },
    { name: "publish", summary: "publish ports of a running container", define: definePublish },
    { name: "unpublish", summary: "publish ports of a container no longer", define: defineUnpublish },
    { name: "port", summary: "list the published ports of a container", define: definePort },
    { name: "exposure", summary: "tell who can reach what", define: defineExposure },
    { name: "allow", summary: "let the containers of one network reach those of another", define: defineAllow },
    { name: "deny", summary: "take back what was allowed", define: defineDeny },
    { name: "acl", summary: "add, list and remove access rules", define: defineAcl },
    { name: "change", summary: "list, confirm and revert changes that await it", define: defineChange },
    { name: "drift", summary: "tell what others changed of what netd made, and put it back", define: defineDrift },
    { name: "doctor", summary: "find what is wrong with this host's network", define: defineDoctor },
  ],
  "Images:": [
    { name: "images", summary: "list images", define: defineImages },
    {
      name: "image",
      summary: "import, list and remove images",
      define: defineImage,
    },
  ],
  "Volumes:": [{ name: "volume", summary: "create, list, inspect and remove volumes", define: defineVolume }],
  "The rest:": [
    {
      name: "sandbox",
      summary: "a private host with a pretend internet: try everything, touch nothing",
      define: defineSandbox,
    },
    {
      name: "events",
      summary: "print what happens, as it happens",
      define: defineEvents,
    },
    { name: "info", summary: "tell how netd is", define: defineInfo },
    {
      name: "version",
      summary: "print the versions of netctl and netd",
      define: defineVersion,
    },
    {
      name: "completion",
      summary: "print a completion script for bash, zsh or fish",
      define: defineCompletion,
    },
  ],
};

/**
 * Create the parser. Only the command called `wanted` gets its arguments and options, or "all" do.
 *
 * Errors of parsing are thrown as commander's CommanderError and printed by nobody.
 */
export function createProgram(context: NetctlContext, wanted: string | undefined): Command {
  const program = new Command("netctl");
  program
    .description("Launch busybox containers on a network that hides nothing.")
    .version(`netctl ${NETCTL_VERSION}`, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .option("--socket <path>", "netd's socket (default: $NETD_SOCKET, else /run/netd/netd.sock)")
    .on("option:socket", (path: string) => {
      context.env.NETD_SOCKET = path;
    })
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: () => {},
    })
    .addHelpText(
      "after",
      "\nEvery command: -h tells its options and examples, --json prints a document, --show the commands to do it by hand.",
    );
  for (const [heading, entries] of Object.entries(GROUPS)) {
    for (const { name, summary, define, alias } of entries) {
      const command = program.command(name).description(summary).helpGroup(heading);
      if (alias !== undefined) command.alias(alias);
      if ([name, alias, "all"].includes(wanted)) define(command, context);
    }
  }
  return program;
}

/** Find the command that a command line names, before it is parsed. */
export function findCommandName(argv: string[]): string | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!; // within bounds
    if (word === "--socket") at++;
    else if (word !== "help" && !word.startsWith("-")) return word;
  }
  return undefined;
}
