/**
 * The last step: become the container's program. Tells well why it could not.
 *
 * Source: execve(2); exit codes 126 and 127 as in the shell's language (POSIX, 2.8.2).
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { errnoName, errnoText } from "../errno.ts";
import { close, execve, lastErrno, open, read } from "../libc.ts";
import { faccessat } from "../libc-command.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { formatMachine, machineOf, parseExecutable } from "./executable-format.ts";
import { S_IFDIR, statusOf } from "./file-status.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH, O_RDONLY } from "./open-flags.ts";

/** Execute a program, which is searched in PATH of `env` when its name has no slash. */
export interface ExecStep {
  op: "exec";
  args: string[];
  /** `NAME=value` each. */
  env: string[];
  /** HOME is what `home.find` found. */
  takesHome?: boolean;
}

/** Look whether there is such a program to execute: who creates a container hears it, not only who starts it. */
export interface ProgramFindStep {
  op: "program.find";
  name: string;
  /** `NAME=value` each, for its PATH. */
  env: string[];
}

/** Where a program is searched when the environment has no PATH: docker's. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const HEAD_BYTES = 4096;
/** unistd.h, fcntl.h. */
const X_OK = 1;
const AT_EACCESS = 0x200;
const ENOENT = 2;
const ENOEXEC = 8;
const EACCES = 13;
const ENOTDIR = 20;

/** Carries out {@link ExecStep}; returns only by an error. */
export const exec: ProcessStepDefinition<ExecStep> = {
  walk({ args, env, takesHome }, { home }) {
    const name = args[0] ?? "";
    const path = searchPath(env);
    const argv = [...args, null];
    const envp = [...env, ...(takesHome === true && home !== undefined ? [`HOME=${home}`] : []), null];
    let refused: { file: string; errno: number } | undefined;
    for (const file of candidates(name, path)) {
      execve(file, argv, envp);
      const errno = lastErrno();
      if ((errno === ENOENT || errno === ENOTDIR) && !exists(file)) continue;
      refused ??= { file, errno };
      // As execvp(3): permission denied does not end the search, anything else does.
      if (errno !== EACCES) break;
    }
    throw refused === undefined ? notFound(name, path) : notExecutable(name, refused.file, refused.errno);
  },
  toShell({ args, env, takesHome }) {
    const variables = shellCommand("env", "-i", ...env);
    return [`${takesHome === true ? `${variables} HOME="$HOME"` : variables} ${args.map(shellQuote).join(" ")}`];
  },
};

/** Carries out {@link ProgramFindStep}. */
export const programFind: ProcessStepDefinition<ProgramFindStep> = {
  walk({ name, env }) {
    const path = searchPath(env);
    let isRefused = false;
    for (const file of candidates(name, path)) {
      if (!exists(file)) continue;
      // A filter of system calls may refuse to say (faccessat2 is newer than many profiles): then the exec tells.
      const isForbidden = faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) < 0 && lastErrno() === EACCES;
      if (!isForbidden && !isDirectory(file)) return;
      // As the exec will: what may not be executed does not end the search.
      if (name.includes("/")) throw notExecutable(name, file, EACCES);
      isRefused = true;
    }
    // The exec says which it was.
    if (!isRefused) throw notFound(name, path);
  },
  toShell: ({ name }) => [shellCommand("command", "-v", name)],
};

function searchPath(env: readonly string[]): string {
  for (const entry of env) if (entry.startsWith("PATH=")) return entry.slice("PATH=".length);
  return DEFAULT_PATH;
}

function candidates(name: string, path: string): string[] {
  if (name === "") return [];
  if (name.includes("/")) return [name];
  return path.split(":").map((directory) => `${directory === "" ? "." : directory}/${name}`);
}

function notFound(name: string, path: string): NetdError {
  const state = name.includes("/") ? "there is no such file in the image" : `it is in no directory of PATH (${path})`;
  return new NetdError("COMMAND_NOT_FOUND", `Cannot run "${name}": ${state}`, {
    remedy: "Name a program of the image, with its whole path when it is not in PATH",
  });
}

function notExecutable(name: string, file: string, errno: number): NetdError {
  const { state, remedy } = reasonOf(file, errno);
  const where = file === name ? "" : ` (${file})`;
  return new NetdError("COMMAND_NOT_EXECUTABLE", `Cannot run "${name}"${where}: ${state}`, { remedy });
}

function reasonOf(file: string, errno: number): { state: string; remedy: string } {
  if (isDirectory(file)) return { state: "it is a directory, a program is needed", remedy: "Name a program in it" };
  if (errno === EACCES) {
    return {
      state: "permission denied, its execute bit or that of a directory above is missing",
      remedy: `Make it executable in the image with 'chmod +x ${file}', or run it through its interpreter`,
    };
  }
  const format = parseExecutable(readHead(file));
  const own = machineOf(process.arch);
  if (format.kind === "elf" && format.machine !== own && (errno === ENOEXEC || errno === ENOENT)) {
    return {
      state: `it is built for ${formatMachine(format.machine)}, this machine is ${own === undefined ? process.arch : formatMachine(own)}`,
      remedy: "Use an image for this machine's architecture",
    };
  }
  if (format.kind === "elf" && format.interpreter !== undefined && errno === ENOENT) {
    return {
      state: `its loader ${format.interpreter} is missing in the image`,
      remedy: "Add the loader and the libraries it was linked with, or link the program statically",
    };
  }
  if (format.kind === "script" && format.interpreter !== "") {
    return exists(format.interpreter)
      ? {
          state: `its interpreter ${format.interpreter} cannot run here`,
          remedy: `Try to run ${format.interpreter} itself`,
        }
      : {
          state: `its interpreter ${format.interpreter} is missing in the image`,
          remedy: "Add the interpreter, or change the first line of the script",
        };
  }
  if (errno === ENOEXEC) {
    return {
      state: "it is neither a program nor a script with a '#!' line",
      remedy: "Put '#!/bin/sh' into its first line when it is a shell script, or run it as 'sh FILE'",
    };
  }
  return {
    state: `${errnoName(errno)} (${errnoText(errno)})`,
    remedy: "Try the program with fewer arguments or another user",
  };
}

function exists(file: string): boolean {
  const fd = open(file, O_PATH | O_CLOEXEC, 0);
  if (fd < 0) return false;
  close(fd);
  return true;
}

function isDirectory(file: string): boolean {
  const fd = open(file, O_PATH | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const { type } = statusOf(fd);
  close(fd);
  return type === S_IFDIR;
}

function readHead(file: string): Buffer {
  const fd = open(file, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return Buffer.alloc(0);
  const head = Buffer.alloc(HEAD_BYTES);
  const length = Number(read(fd, head, head.length));
  close(fd);
  return head.subarray(0, Math.max(length, 0));
}
