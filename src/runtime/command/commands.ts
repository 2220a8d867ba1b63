/**
 * The table of one-shot commands. What a command needs is loaded when it is called.
 *
 * @module
 */

import { refuseCheckpoint } from "./checkpoint.ts";
import type { CommandSpec } from "./command.ts";
import type { FlagSpec } from "./command-line.ts";
import { kill } from "./kill.ts";
import { list } from "./list.ts";
import { loadForking } from "./load-forking.ts";
import { spec } from "./spec.ts";
import { start } from "./start.ts";
import { state } from "./state.ts";

const BUNDLE: FlagSpec = {
  names: ["bundle", "b"],
  kind: "text",
  usage: "path to the root of the bundle directory, defaults to the current directory",
};
const PID_FILE: FlagSpec = { names: ["pid-file"], kind: "text", usage: "specify the file to write the process id to" };
const CONSOLE_SOCKET: FlagSpec = {
  names: ["console-socket"],
  kind: "text",
  usage: "path to an AF_UNIX socket which will receive a file descriptor referencing the master end of the terminal",
};
const PRESERVE_FDS: FlagSpec = {
  names: ["preserve-fds"],
  kind: "number",
  usage: "pass N additional file descriptors to the container (stdio + $LISTEN_FDS + N in total)",
  byDefault: "0",
};
const CREATION: readonly FlagSpec[] = [
  BUNDLE,
  CONSOLE_SOCKET,
  PID_FILE,
  { names: ["no-pivot"], kind: "bool", usage: "do not use pivot_root: for a root file system on a ramdisk" },
  { names: ["no-new-keyring"], kind: "bool", usage: "do not create a new session keyring for the container" },
  PRESERVE_FDS,
];

const FORMAT: FlagSpec = { names: ["format", "f"], kind: "text", usage: "table or json", byDefault: "table" };

function limit(name: string, kind: FlagSpec["kind"], usage: string): FlagSpec {
  return { names: [name], kind, usage };
}

/** All commands. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "checkpoint",
    summary: "checkpoint a running container, which is refused",
    usage: "<container-id>",
    examples: ["netd-runtime checkpoint web"],
    flags: [],
    count: [0, 1],
    load: () => refuseCheckpoint,
  },
  {
    name: "create",
    summary: "create a container",
    usage: "<container-id>",
    examples: ["netd-runtime create --bundle /srv/web web"],
    flags: CREATION,
    count: [1, 1],
    forks: true,
    load: () => loadForking().create,
  },
  {
    name: "delete",
    summary: "delete any resources held by a container",
    usage: "<container-id>",
    examples: ["netd-runtime delete --force web"],
    flags: [
      {
        names: ["force", "f"],
        kind: "bool",
        usage: "forcibly delete the container if it is still running (uses SIGKILL)",
      },
    ],
    count: [1, 1],
    load: () => loadForking().deleteContainer,
  },
  {
    name: "events",
    summary: "display what a container uses, and when it runs out of memory",
    usage: "<container-id>",
    examples: ["netd-runtime events --stats web", "netd-runtime events --interval 1s web"],
    flags: [
      { names: ["interval"], kind: "text", usage: "set the stats collection interval", byDefault: "5s" },
      { names: ["stats"], kind: "bool", usage: "display the container's stats then exit" },
    ],
    count: [1, 1],
    load: () => loadForking().events,
  },
  {
    name: "exec",
    summary: "execute a new process inside the container",
    usage: "<container-id> <command> [command options] || -p process.json <container-id>",
    examples: ["netd-runtime exec web ps", "netd-runtime exec -t web sh"],
    flags: [
      CONSOLE_SOCKET,
      { names: ["cwd"], kind: "text", usage: "current working directory in the container" },
      { names: ["env", "e"], kind: "list", usage: "set environment variables" },
      { names: ["tty", "t"], kind: "bool", usage: "allocate a pseudo-TTY" },
      { names: ["user", "u"], kind: "text", usage: "UID (format: <uid>[:<gid>])" },
      { names: ["additional-gids", "g"], kind: "list", usage: "additional gids" },
      { names: ["process", "p"], kind: "text", usage: "path to the process.json" },
      { names: ["detach", "d"], kind: "bool", usage: "detach from the container's process" },
      PID_FILE,
      { names: ["process-label"], kind: "text", usage: "set the label of SELinux, which is refused" },
      { names: ["apparmor"], kind: "text", usage: "set the profile of AppArmor, which is refused" },
      { names: ["no-new-privs"], kind: "bool", usage: "set the no new privileges value for the process" },
      { names: ["cap", "c"], kind: "list", usage: "add a capability to the sets of the process" },
      PRESERVE_FDS,
      { names: ["cgroup"], kind: "list", usage: "run the process in an existing sub-cgroup: [<controller>:]<cgroup>" },
      { names: ["ignore-paused"], kind: "bool", usage: "allow exec in a paused container" },
    ],
    count: [1, Number.POSITIVE_INFINITY],
    isOrdered: true,
    failure: 255,
    forks: true,
    load: () => loadForking().exec,
  },
  {
    name: "features",
    summary: "show the enabled features",
    usage: "",
    examples: ["netd-runtime features"],
    flags: [],
    count: [0, 0],
    load: () => loadForking().features,
  },
  {
    name: "kill",
    summary: "send a signal (default: SIGTERM) to the container's first process",
    usage: "<container-id> [signal]",
    examples: ["netd-runtime kill web KILL"],
    flags: [{ names: ["all", "a"], kind: "bool", usage: "send the signal to all processes inside the container" }],
    count: [1, 2],
    load: () => kill,
  },
  {
    name: "list",
    summary: "list containers started by netd-runtime with the given root",
    usage: "",
    examples: ["netd-runtime list", "netd-runtime --root /run/other list -f json"],
    flags: [FORMAT, { names: ["quiet", "q"], kind: "bool", usage: "display only container IDs" }],
    count: [0, 0],
    load: () => list,
  },
  {
    name: "pause",
    summary: "suspend all processes inside the container",
    usage: "<container-id>",
    examples: ["netd-runtime pause web"],
    flags: [],
    count: [1, 1],
    load: () => loadForking().pause,
  },
  {
    name: "ps",
    summary: "display the processes running inside a container",
    usage: "<container-id> [ps options]",
    examples: ["netd-runtime ps web", "netd-runtime ps web -o pid,args"],
    flags: [FORMAT],
    count: [1, Number.POSITIVE_INFINITY],
    isOrdered: true,
    load: () => loadForking().ps,
  },
  {
    name: "restore",
    summary: "restore a container from a checkpoint, which is refused",
    usage: "<container-id>",
    examples: ["netd-runtime restore web"],
    flags: [],
    count: [0, 1],
    load: () => refuseCheckpoint,
  },
  {
    name: "resume",
    summary: "resume all processes that have been paused",
    usage: "<container-id>",
    examples: ["netd-runtime resume web"],
    flags: [],
    count: [1, 1],
    load: () => loadForking().resume,
  },
  {
    name: "run",
    summary: "create and run a container",
    usage: "<container-id>",
    examples: ["netd-runtime run --bundle /srv/web web", "netd-runtime run -d --pid-file /run/web.pid web"],
    flags: [
      ...CREATION,
      { names: ["detach", "d"], kind: "bool", usage: "detach from the container's process" },
      { names: ["keep"], kind: "bool", usage: "do not delete the container after it exits" },
      { names: ["no-subreaper"], kind: "bool", usage: "do not reap processes that the container leaves behind" },
    ],
    count: [1, 1],
    forks: true,
    load: () => loadForking().run,
  },
  {
    name: "spec",
    summary: "create a new specification file",
    usage: "",
    examples: ["netd-runtime spec --bundle /srv/web"],
    flags: [
      { names: ["bundle", "b"], kind: "text", usage: "path to the root of the bundle directory" },
      { names: ["rootless"], kind: "bool", usage: "generate a configuration for a user who is not root" },
    ],
    count: [0, 0],
    load: () => spec,
  },
  {
    name: "start",
    summary: "execute the user defined process in a created container",
    usage: "<container-id>",
    examples: ["netd-runtime start web"],
    flags: [],
    count: [1, 1],
    load: () => start,
  },
  {
    name: "state",
    summary: "output the state of a container",
    usage: "<container-id>",
    examples: ["netd-runtime state web"],
    flags: [],
    count: [1, 1],
    load: () => state,
  },
  {
    name: "update",
    summary: "update container resource constraints",
    usage: "<container-id>",
    examples: ["netd-runtime update --memory 64m --pids-limit 100 web", "netd-runtime update -r - web <resources.json"],
    flags: [
      {
        names: ["resources", "r"],
        kind: "text",
        usage: "file with linux.resources of config.json, or - for standard input; all other options are ignored then",
      },
      limit("blkio-weight", "number", "weight of block IO, from 10 to 1000"),
      limit("cpu-period", "number", "CFS period to be used for hardcapping (in usecs)"),
      limit("cpu-quota", "number", "CFS hardcap limit (in usecs): allowed cpu time in a given period"),
      limit("cpu-burst", "number", "CFS burst (in usecs): time beyond the quota that may be saved up"),
      limit("cpu-share", "number", "CPU shares (relative weight vs. other containers)"),
      limit("cpu-rt-period", "number", "realtime period to be used for hardcapping (in usecs)"),
      limit("cpu-rt-runtime", "number", "realtime hardcap limit (in usecs): allowed cpu time in a given period"),
      limit("cpu-idle", "number", "1: run only when nobody else wants to"),
      limit("cpuset-cpus", "text", "CPU(s) to use"),
      limit("cpuset-mems", "text", "memory node(s) to use"),
      limit("memory", "text", "memory limit (in bytes)"),
      limit("memory-reservation", "text", "memory reservation or soft limit (in bytes)"),
      limit("memory-swap", "text", "total memory usage (memory + swap); -1 for no limit"),
      limit("pids-limit", "number", "maximum number of pids allowed in the container"),
      limit("l3-cache-schema", "text", "schema of Intel RDT, which is refused"),
      limit("mem-bw-schema", "text", "schema of Intel RDT, which is refused"),
    ],
    count: [1, 1],
    load: () => loadForking().update,
  },
];
