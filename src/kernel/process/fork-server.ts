/**
 * Starts processes: fork, watch until the exec, fork again when the child died, and at last the slow way.
 *
 * @module
 */
import { closeSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { formatError, NetdError, parseError } from "../../errors.ts";
import { takeFault } from "../fault-point.ts";
import { close, kill } from "../libc.ts";
import { hasExecuted, type ProcessStat, readProcessStat } from "../proc/index.ts";
import { type BirthRequest, descriptorsOf, Midwife, type Newborn, type TestFault } from "./birth.ts";
import { GATE_ANSWER } from "./gate-step.ts";
import { takeDescriptor } from "./pidfd.ts";
import { reapDying } from "./process-status.ts";
import type { ProcessStep } from "./process-step.ts";
import type { Report, StepFailure } from "./report.ts";
import { encodeSteps } from "./spare.ts";
import { ORPHAN, plantDeath, plantOrphan } from "./walk-steps.ts";

/** What a {@link ForkServer} is made from. */
export interface ForkServerOptions {
  /** Program and arguments of the slow start; it gets three descriptors as further arguments. */
  walkCommand: readonly string[];
  /** Steps that a spare child walks while it waits, where they do no harm; absent: no spare is kept. */
  rehearsal?: readonly ProcessStep[];
  /** What the first `count` forks do wrong, in tests. */
  fault?: { kind: TestFault; count: number };
}

/** A process that runs its program. */
export interface LaunchedProcess {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  startTime: number;
  /** Forks it took; 0 never happens. */
  forks: number;
  isSlow: boolean;
  /** Master of its terminal; the caller closes it. */
  terminalFd?: number;
}

/** Counts since the start, so that nobody has to believe a figure. */
export interface ForkCounters {
  forks: number;
  /** Forks after a child that died before its exec. */
  secondForks: number;
  slowStarts: number;
}

/** What a slow start calls itself until its exec. */
export const WALKER_NAME = "netd:walk";

const RETRIES_MAX = 3;
/** A child that says nothing for so long is killed; in milliseconds. */
const SILENCE_MS = 2_000;
/** The same for a fresh Node. */
const SLOW_SILENCE_MS = 20_000;
/** How long no launch has come when a spare child is forked, in milliseconds. */
const IDLE_MS = 10;
const SIGKILL = 9;

/** Starts processes that take steps before they become their programs. */
export class ForkServer implements Disposable {
  readonly counters: ForkCounters = { forks: 0, secondForks: 0, slowStarts: 0 };
  readonly #options: ForkServerOptions;
  readonly #midwife = new Midwife();
  #spare: Newborn | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ForkServerOptions) {
    this.#options = options;
  }

  /** Process id of the child that waits for the next launch, if there is one. */
  get sparePid(): number | undefined {
    return this.#spare?.pid;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    if (this.#spare !== undefined) dismiss(this.#spare);
    this.#midwife[Symbol.dispose]();
  }

  /**
   * Start a process; resolves when it runs its program. The child is ours to reap.
   *
   * @throws {NetdError} LAUNCH_FAILED naming the step, or what the step said itself: COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE,
   * MOUNT_SOURCE_MISSING
   */
  async launch(request: BirthRequest): Promise<LaunchedProcess> {
    try {
      return await this.#launch(request);
    } finally {
      this.readySpare();
    }
  }

  /** Keep a child ready for a next launch: fork it once none has come for a moment, so that it is never in one's way. */
  readySpare(): void {
    const { rehearsal, fault } = this.#options;
    if (rehearsal === undefined || fault !== undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#spare ??= this.#midwife.forkSpare(rehearsal);
    }, IDLE_MS).unref();
  }

  async #launch(wanted: BirthRequest): Promise<LaunchedProcess> {
    for (let forks = 1; forks <= 1 + RETRIES_MAX; forks++) {
      const request = plantFaults(wanted);
      const fault = this.#nextFault();
      this.counters.forks++;
      if (forks > 1) this.counters.secondForks++;
      const newborn = this.#takeSpare(request) ?? this.#midwife.fork(request, fault);
      const outcome = await watchNewborn(newborn, request, SILENCE_MS);
      if (outcome.successor !== undefined) newborn.pid = outcome.successor;
      const stat = readProcessStat(newborn.pid);
      const isRunning =
        outcome.failure === undefined && (outcome.waits === true || outcome.executes === true || hasExecuted(stat));
      if (isRunning && stat !== undefined) return launched(newborn.pid, stat, forks, false, outcome.terminalFd);
      bury(newborn.pid, outcome);
      if (outcome.failure !== undefined) throw errorOf(outcome.failure, outcome.hookError);
    }
    return this.#launchSlowly(wanted);
  }

  async #launchSlowly(request: BirthRequest): Promise<LaunchedProcess> {
    this.counters.slowStarts++;
    const newborn = this.#midwife.spawn(request, this.#options.walkCommand);
    const outcome = await watchNewborn(newborn, request, SLOW_SILENCE_MS);
    if (outcome.successor !== undefined) newborn.pid = outcome.successor;
    const stat = readProcessStat(newborn.pid);
    const isRunning = outcome.waits === true || stat?.command !== WALKER_NAME;
    if (outcome.failure === undefined && stat !== undefined && isRunning) {
      return launched(newborn.pid, stat, 1 + RETRIES_MAX, true, outcome.terminalFd);
    }
    bury(newborn.pid, outcome);
    if (outcome.failure !== undefined) throw errorOf(outcome.failure, outcome.hookError);
    throw new NetdError("LAUNCH_FAILED", "Cannot start the process: neither a fork nor a fresh node came to its exec", {
      remedy: "Look into the runtime's log, and whether memory is short",
    });
  }

  /** Give the spare child its steps, when it can take them. One that died waiting is buried. */
  #takeSpare({ pidNamespace, steps }: BirthRequest): Newborn | undefined {
    const spare = this.#spare;
    if (spare === undefined || pidNamespace !== "new" || descriptorsOf(steps).length > 0) return undefined;
    const message = encodeSteps(steps);
    if (message === undefined) return undefined;
    this.#spare = undefined;
    try {
      writeSync(spare.ackFd, message);
      return spare;
    } catch {
      dismiss(spare);
      return undefined;
    }
  }

  #nextFault(): TestFault | undefined {
    const { fault } = this.#options;
    return fault !== undefined && this.counters.forks < fault.count ? fault.kind : undefined;
  }
}

/** Carry out what a test wants to happen at a step. */
function plantFaults(request: BirthRequest): BirthRequest {
  const dying = takeFault("step:");
  if (dying !== undefined) return { ...request, steps: plantDeath(request.steps, Number(dying)) };
  const orphaned = takeFault("parent:");
  return orphaned === undefined ? request : { ...request, steps: plantOrphan(request.steps, Number(orphaned)) };
}

interface Outcome {
  /** Who took the further steps in the child's place. */
  successor?: number;
  failure?: StepFailure;
  /** Why the parent called it off at its hooks. */
  hookError?: unknown;
  /** It waits for its start, which is not our business. */
  waits?: boolean;
  /** It stays as its child's init, and that one was about to execute. */
  executes?: boolean;
  terminalFd?: number;
}

/** Read the child's reports until its end of the pipe is closed, and let it through its gate. Closes our ends. */
function watchNewborn(newborn: Newborn, request: BirthRequest, silenceMs: number): Promise<Outcome> {
  const { reportFd, ackFd } = newborn;
  return new Promise((resolve) => {
    const outcome: Outcome = {};
    const walker = (): number => outcome.successor ?? newborn.pid;
    let text = "";
    let alarm: NodeJS.Timeout | undefined;
    const pipe = new Socket({ fd: reportFd, readable: true, writable: false });
    const startAlarm = (): void => {
      if (!pipe.destroyed) alarm = setTimeout(() => kill(walker(), SIGKILL), silenceMs);
    };
    if (request.gate === undefined) startAlarm();
    else {
      void request.gate.then((isGo) => {
        startAlarm();
        // The gate is the first thing that the child waits at.
        if (!pipe.destroyed) answer(walker(), ackFd, isGo ? GATE_ANSWER.go : GATE_ANSWER.callOff);
      });
    }
    const runHooks = (): void => {
      clearTimeout(alarm);
      const hooks = request.onHooks?.(walker()) ?? Promise.resolve();
      hooks
        .then(
          () => GATE_ANSWER.go,
          (error: unknown) => {
            outcome.hookError = error;
            return GATE_ANSWER.callOff;
          },
        )
        .then((text) => {
          startAlarm();
          if (!pipe.destroyed) answer(walker(), ackFd, text);
        });
    };
    const take = (report: Report): void => {
      if ("failure" in report) outcome.failure = report.failure;
      else if ("progress" in report && report.progress === ORPHAN) process.kill(process.pid, "SIGKILL");
      else if ("terminal" in report || "listener" in report)
        takeOffered(report, { pid: walker(), ackFd, outcome, request });
      else if ("successor" in report) {
        // It ends with this report, and nobody else knows it.
        reapDying(walker());
        outcome.successor = report.successor;
      } else if ("executing" in report) outcome.executes = true;
      else if ("reached" in report) runHooks();
      else if ("isBusy" in report) {
        clearTimeout(alarm);
        if (!report.isBusy) startAlarm();
      } else if ("waits" in report) {
        outcome.waits = true;
        pipe.destroy();
      }
    };
    pipe.setEncoding("utf8");
    pipe.on("data", (piece: string) => {
      alarm?.refresh();
      text += piece;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) take(JSON.parse(line) as Report);
    });
    pipe.on("error", () => {});
    pipe.on("close", () => {
      clearTimeout(alarm);
      closeSync(ackFd);
      resolve(outcome);
    });
  });
}

interface ReportTarget {
  pid: number;
  ackFd: number;
  outcome: Outcome;
  request: BirthRequest;
}

function takeOffered(report: { terminal: number } | { listener: number }, target: ReportTarget): void {
  const { pid, ackFd, outcome, request } = target;
  let fd: number;
  try {
    fd = takeDescriptor(pid, "terminal" in report ? report.terminal : report.listener);
  } catch {
    // It died in between; the end of its pipe says so too.
    kill(pid, SIGKILL);
    return;
  }
  if ("terminal" in report) outcome.terminalFd = fd;
  else if (!handListenerOver(fd, pid, outcome, request)) return;
  answer(pid, ackFd, "\n");
}

function handListenerOver(fd: number, pid: number, outcome: Outcome, { takeListener }: BirthRequest): boolean {
  try {
    if (takeListener === undefined)
      throw new NetdError("LAUNCH_FAILED", "Cannot use a seccomp listener: nobody takes it");
    takeListener(fd, pid);
    return true;
  } catch (error) {
    outcome.failure = { step: -1, op: "seccomp.load", error: formatError(error) };
    kill(pid, SIGKILL);
    return false;
  }
}

function answer(pid: number, ackFd: number, text: string): void {
  try {
    writeSync(ackFd, text);
  } catch {
    kill(pid, SIGKILL);
  }
}

/** Reap a child that did not come to its exec. */
function bury(pid: number, outcome: Outcome): void {
  kill(pid, SIGKILL);
  reapDying(pid);
  if (outcome.terminalFd !== undefined) close(outcome.terminalFd);
}

/** End a spare child that nobody will use. */
function dismiss({ pid, reportFd, ackFd }: Newborn): void {
  bury(pid, {});
  close(reportFd);
  close(ackFd);
}

function launched(
  pid: number,
  stat: ProcessStat,
  forks: number,
  isSlow: boolean,
  terminalFd?: number,
): LaunchedProcess {
  return { pid, startTime: stat.startTime, forks, isSlow, ...(terminalFd === undefined ? {} : { terminalFd }) };
}

function errorOf({ step, op, error }: StepFailure, hookError?: unknown): NetdError {
  if (hookError instanceof NetdError) return hookError;
  if (error.code !== "KERNEL_CALL_FAILED" && error.code !== "INTERNAL") return parseError(error);
  return new NetdError("LAUNCH_FAILED", `Cannot start the process: step ${step + 1}, ${op}, failed: ${error.message}`, {
    remedy: error.remedy ?? "See the same steps as commands with '--show', and try the failing one by hand",
    cause: parseError(error),
  });
}
