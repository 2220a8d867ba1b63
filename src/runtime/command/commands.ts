/**
 * The table of one-shot commands. What a command needs is loaded when it is called.
 *
 * @module
 */
import type { CommandSpec } from "./command.ts";
import type { FlagSpec } from "./command-line.ts";
import { kill } from "./kill.ts";
import { loadForking } from "./load-forking.ts";
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

/** All commands. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "create",
    summary: "create a container",
    usage: "<container-id>",
    examples: ["netd-runtime create --bundle /srv/web web"],
    flags: CREATION,
    count: [1, 1],
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
    name: "kill",
    summary: "send a signal (default: SIGTERM) to the container's first process",
    usage: "<container-id> [signal]",
    examples: ["netd-runtime kill web KILL"],
    flags: [{ names: ["all", "a"], kind: "bool", usage: "send the signal to all processes inside the container" }],
    count: [1, 2],
    load: () => kill,
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
    load: () => loadForking().run,
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
];
