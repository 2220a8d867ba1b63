/**
 * Carries out steps: in order with undo on failure, or as a teardown that goes on after an error.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { faultPoint } from "../fault-point.ts";
import { KernelSession } from "./kernel-session.ts";
import type { NetworkStep } from "./network-steps.ts";
import type { StepDefinition } from "./step.ts";
import { STEP_DEFINITIONS, type StepDefinitions } from "./step-definitions.ts";

/** One line of the journal. `apply` and `undo` come before the deed. */
export interface JournalEntry {
  phase: "apply" | "applied" | "failed" | "undo" | "undone";
  step: NetworkStep;
  /** The commands that a person would have typed instead. */
  shell: string[];
  /** What went wrong, when `failed`. */
  error?: string;
}

/** How steps are carried out. */
export interface ExecuteOptions {
  /** Told of each phase of each step. What it throws fails the step that it was told of. */
  journal?: ((entry: JournalEntry) => void) | undefined;
  /** Sockets to use, which stay open in the own namespace; by default some of the plan's own. */
  session?: KernelSession | undefined;
  /** What carries out each step; for tests. */
  definitions?: StepDefinitions | undefined;
}

/** Steps that were carried out, with what undoing them needs. Plain data. */
export interface AppliedSteps {
  readonly done: readonly AppliedStep[];
}

/** A step that was carried out, with what it remembers of the world before. */
export interface AppliedStep {
  step: NetworkStep;
  memo: unknown;
}

/** A step failed. Its code and remedy are those of the cause, and what was done before it is undone but for `undoErrors`. */
export class StepError extends NetdError {
  override readonly name = "StepError";
  readonly step: NetworkStep;
  /** What could not be undone, in the order of the attempts. */
  readonly undoErrors: readonly Error[];

  constructor(step: NetworkStep, cause: unknown, undoErrors: readonly Error[]) {
    const known = cause instanceof NetdError ? cause : undefined;
    const rest =
      undoErrors.length === 0
        ? ""
        : `; undoing what came before failed as well: ${undoErrors.map((error) => error.message).join("; ")}`;
    super(known?.code ?? "INTERNAL", `${toError(cause).message}${rest}`, { cause, remedy: known?.remedy });
    this.step = step;
    this.undoErrors = undoErrors;
  }
}

/**
 * Carry out steps in order. When one fails, the finished ones are undone in reverse.
 *
 * @throws {StepError} with the code of the step's own error
 */
export function applySteps(steps: readonly NetworkStep[], options: ExecuteOptions = {}): AppliedSteps {
  return withExecution(options, (execution) => {
    const done: AppliedStep[] = [];
    for (const step of steps) {
      try {
        execution.apply(step, done);
      } catch (error) {
        throw new StepError(step, error, undoInReverse(done, execution));
      }
    }
    return { done };
  });
}

/**
 * Carry out steps as {@link applySteps} does, but what holds the kernel up on another thread: the program goes on meanwhile.
 *
 * @throws {StepError} with the code of the step's own error
 */
export async function applySlowSteps(
  steps: readonly NetworkStep[],
  options: ExecuteOptions = {},
): Promise<AppliedSteps> {
  return await withSlowExecution(options, async (execution) => {
    const done: AppliedStep[] = [];
    for (const step of steps) {
      try {
        await execution.applySlow(step, done);
      } catch (error) {
        throw new StepError(step, error, undoInReverse(done, execution));
      }
    }
    return { done };
  });
}

/** Carry out steps as {@link teardownSteps} does, but what holds the kernel up on another thread: the program goes on meanwhile. */
export async function teardownSlowSteps(steps: readonly NetworkStep[], options: ExecuteOptions = {}): Promise<Error[]> {
  return await withSlowExecution(options, async (execution) => {
    const errors: Error[] = [];
    for (const step of steps) {
      await execution.applySlow(step, []).catch((error: unknown) => errors.push(new StepError(step, error, [])));
    }
    return errors;
  });
}

/** Undo steps in reverse, going on after an error; all that could not be undone. */
export function undoSteps(applied: AppliedSteps, options: ExecuteOptions = {}): Error[] {
  return withExecution(options, (execution) => undoInReverse(applied.done, execution));
}

/** Carry out steps that take down, going on after an error; all that failed. */
export function teardownSteps(steps: readonly NetworkStep[], options: ExecuteOptions = {}): Error[] {
  return withExecution(options, (execution) =>
    steps.flatMap((step) => {
      try {
        execution.apply(step, []);
        return [];
      } catch (error) {
        return [new StepError(step, error, [])];
      }
    }),
  );
}

/** The commands that a person would type instead of a step, ready for `sh`. */
export function toShell(step: NetworkStep, session: KernelSession = new KernelSession()): string[] {
  return definitionOf(STEP_DEFINITIONS, step).toShell(step, session);
}

/** The commands that a person would type instead of a plan, ready for `sh`. */
export function stepsToShell(steps: readonly NetworkStep[], session: KernelSession = new KernelSession()): string[] {
  return steps.flatMap((step) => toShell(step, session));
}

/** Applies and undoes single steps, telling the journal. */
class Execution {
  readonly #session: KernelSession;
  readonly #definitions: StepDefinitions;
  readonly #journal: ((entry: JournalEntry) => void) | undefined;

  constructor(session: KernelSession, { definitions = STEP_DEFINITIONS, journal }: ExecuteOptions) {
    this.#session = session;
    this.#definitions = definitions;
    this.#journal = journal;
  }

  /** Apply a step and note it in `done` before the journal hears of it: a journal that fails must not hide what was done. */
  apply(step: NetworkStep, done: AppliedStep[]): void {
    this.#tell("apply", step);
    faultPoint(`apply:${step.op}`);
    const memo = this.#orTellFailure(step, () => definitionOf(this.#definitions, step).apply(step, this.#session));
    faultPoint(`applied:${step.op}`);
    done.push({ step, memo });
    this.#tell("applied", step);
  }

  /** As {@link apply}, on another thread where the step has a way to. */
  async applySlow(step: NetworkStep, done: AppliedStep[]): Promise<void> {
    const definition = definitionOf(this.#definitions, step);
    if (definition.applyElsewhere === undefined) return this.apply(step, done);
    this.#tell("apply", step);
    faultPoint(`apply:${step.op}`);
    const memo = await definition.applyElsewhere(step, this.#session).catch((error: unknown) => {
      this.#tell("failed", step, toError(error).message);
      throw error;
    });
    faultPoint(`applied:${step.op}`);
    done.push({ step, memo });
    this.#tell("applied", step);
  }

  undo({ step, memo }: AppliedStep): void {
    this.#tell("undo", step);
    this.#orTellFailure(step, () => definitionOf(this.#definitions, step).undo(step, memo, this.#session));
    this.#tell("undone", step);
  }

  #orTellFailure<T>(step: NetworkStep, act: () => T): T {
    try {
      return act();
    } catch (error) {
      this.#tell("failed", step, toError(error).message);
      throw error;
    }
  }

  #tell(phase: JournalEntry["phase"], step: NetworkStep, error?: string): void {
    if (this.#journal === undefined) return;
    const shell = definitionOf(this.#definitions, step).toShell(step, this.#session);
    this.#journal({ phase, step, shell, ...(error === undefined ? {} : { error }) });
  }
}

function withExecution<T>(options: ExecuteOptions, fn: (execution: Execution) => T): T {
  const session = options.session ?? new KernelSession();
  try {
    return fn(new Execution(session, options));
  } finally {
    if (options.session === undefined) session[Symbol.dispose]();
    else session.leaveAll();
  }
}

/** A session that was handed in has others' plans in it between two steps: what is open in it is closed at the end of any of them, and opened again. */
async function withSlowExecution<T>(options: ExecuteOptions, fn: (execution: Execution) => Promise<T>): Promise<T> {
  const session = options.session ?? new KernelSession();
  try {
    return await fn(new Execution(session, options));
  } finally {
    if (options.session === undefined) session[Symbol.dispose]();
    else session.leaveAll();
  }
}

function undoInReverse(done: readonly AppliedStep[], execution: Execution): Error[] {
  return done.toReversed().flatMap((applied) => {
    try {
      execution.undo(applied);
      return [];
    } catch (error) {
      return [toError(error)];
    }
  });
}

/** A definition looked up by `op` takes the step of that `op`, which the type system can't follow through the lookup. */
function definitionOf(definitions: StepDefinitions, step: NetworkStep): StepDefinition<NetworkStep, unknown> {
  return definitions[step.op] as StepDefinition<NetworkStep, unknown>;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
