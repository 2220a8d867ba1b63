/**
 * Steps about hooks: programs that look at a container, or finish it, while it is made.
 *
 * Source: runtime-spec config.md, "POSIX-platform Hooks"; posix_spawn(3), pidfd_open(2), poll(2).
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, errnoName } from "../errno.ts";
import { close, kill, memfdCreate, pidfdOpen, read, waitpid, write } from "../libc.ts";
import { getpid, poll, pread } from "../libc-command.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition, WalkState } from "./define-step.ts";
import { GATE_ANSWER } from "./gate-step.ts";
import { makePipe } from "./pipe.ts";
import { exitCodeOf } from "./process-status.ts";
import { sendReport } from "./report.ts";
import { spawnProgram } from "./spawn-program.ts";

/** Let the parent run the hooks that belong into its own namespaces, and wait until they have ended. */
export interface HooksAwaitStep {
  op: "hooks.await";
}

/** A hook as it is run: everything there. */
export interface HookProgram {
  path: string;
  /** The first one is the program's name for itself. */
  args: string[];
  /** `NAME=value` each. */
  env: string[];
  /** Seconds; absent: as long as it likes. */
  timeout?: number;
}

/** Run hooks one after the other in the namespaces that the process is in. The first that fails ends it all. */
export interface HooksRunStep {
  op: "hooks.run";
  /** Their name in the configuration. */
  kind: string;
  hooks: HookProgram[];
  /** What they read; `pid` is added by the process itself, as it is seen from where it is. */
  state: Record<string, unknown>;
}

const MFD_CLOEXEC = 1;
const SIGKILL = 9;
const POLLIN = 1;
/** What a hook said that is worth repeating. */
const OUTPUT_MAX_BYTES = 2048;

/** Carries out {@link HooksAwaitStep}. */
export const hooksAwait: ProcessStepDefinition<HooksAwaitStep> = {
  walk(_step, { reportFd, ackFd }) {
    sendReport(reportFd, { reached: "hooks" });
    const answer = Buffer.alloc(1);
    if (read(ackFd, answer, 1) === 1 && answer.toString("latin1") === GATE_ANSWER.go) return;
    throw new NetdError("HOOK_FAILED", "Cannot start the process: a hook of the runtime refused it");
  },
  toShell: () => [],
};

/** Carries out {@link HooksRunStep}. */
export const hooksRun: ProcessStepDefinition<HooksRunStep> = {
  walk({ kind, hooks, state }, walkState) {
    const text = Buffer.from(JSON.stringify({ ...state, pid: getpid() }));
    for (const hook of hooks) runHook(kind, hook, text, walkState);
  },
  toShell: ({ hooks, state }) =>
    hooks.map(
      ({ args, env, path }) =>
        `printf %s ${shellQuote(JSON.stringify(state))} | ${shellCommand("env", "-i", ...env, path, ...args.slice(1))}`,
    ),
};

function runHook(kind: string, hook: HookProgram, state: Buffer, { reportFd }: WalkState): void {
  const stdin = makePipe();
  const output = check(memfdCreate("hook", MFD_CLOEXEC), () => "memfd_create(hook)");
  try {
    write(stdin.write, state, state.length);
    close(stdin.write);
    const streams = [stdin.read, output, output] as const;
    const pid = spawnProgram({ ...hook, streams });
    if (pid < 0) throw hookFailed(kind, hook, `it can't be executed, ${errnoName(-pid)}`);
    close(stdin.read);
    // It may take longer than a silent process is given.
    sendReport(reportFd, { isBusy: true });
    const isInTime = waitFor(pid, hook.timeout);
    if (!isInTime) kill(pid, SIGKILL);
    const status = Buffer.alloc(4);
    waitpid(pid, status, 0);
    sendReport(reportFd, { isBusy: false });
    if (!isInTime) throw hookFailed(kind, hook, `it ran longer than ${hook.timeout} s and was killed`);
    const code = exitCodeOf(status.readInt32LE(0));
    if (code !== 0) throw hookFailed(kind, hook, `it ended with ${code}${quoteOutput(output)}`);
  } finally {
    close(output);
  }
}

/** Wait for the end of a child. False: the time was up before. */
function waitFor(pid: number, timeout: number | undefined): boolean {
  if (timeout === undefined) return true;
  const pidfd = check(pidfdOpen(pid, 0), () => `pidfd_open(${pid})`);
  const request = Buffer.alloc(8);
  request.writeInt32LE(pidfd, 0);
  request.writeInt16LE(POLLIN, 4);
  const ready = poll(request, 1, timeout * 1000);
  close(pidfd);
  return ready !== 0;
}

function quoteOutput(fd: number): string {
  const bytes = Buffer.alloc(OUTPUT_MAX_BYTES);
  const length = Number(pread(fd, bytes, bytes.length, 0));
  const text = bytes.toString("utf8", 0, Math.max(length, 0)).trim();
  return text === "" ? "" : ` and said ${JSON.stringify(text)}`;
}

function hookFailed(kind: string, { path }: HookProgram, state: string): NetdError {
  return new NetdError("HOOK_FAILED", `Cannot run the ${kind} hook ${path}: ${state}`, {
    remedy: "Run the hook by hand with the container's state on its standard input, or take it out of config.json",
  });
}
