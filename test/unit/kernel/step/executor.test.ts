import { describe, expect, test } from "vitest";
import { NetdError } from "../../../../src/errors.ts";
import {
  applySlowSteps,
  applySteps,
  type JournalEntry,
  KernelError,
  type NetworkStep,
  StepError,
  teardownSteps,
  undoSteps,
} from "../../../../src/kernel/index.ts";
import type { StepDefinition } from "../../../../src/kernel/step/step.ts";
import { STEP_DEFINITIONS, type StepDefinitions } from "../../../../src/kernel/step/step-definitions.ts";

/** What a fake world is told to do, and what it was asked for. */
interface FakeWorld {
  calls: string[];
  /** Directories whose making fails. */
  failApply?: readonly string[];
  /** Directories whose removal fails. */
  failUndo?: readonly string[];
}

function fakeDefinitions({ calls, failApply = [], failUndo = [] }: FakeWorld): StepDefinitions {
  const dirMake: StepDefinition<{ op: "dir.make"; path: string }, string> = {
    apply({ path }) {
      calls.push(`apply ${path}`);
      if (failApply.includes(path)) throw new KernelError(`make directory ${path}`, 28);
      return `memo of ${path}`;
    },
    undo({ path }, memo) {
      calls.push(`undo ${path} with ${memo}`);
      if (failUndo.includes(path)) throw new Error(`cannot remove ${path}`);
    },
    toShell: ({ path }) => [`mkdir ${path}`],
  };
  return { ...STEP_DEFINITIONS, "dir.make": dirMake };
}

const [A, B, C]: [NetworkStep, NetworkStep, NetworkStep] = [
  { op: "dir.make", path: "/a" },
  { op: "dir.make", path: "/b" },
  { op: "dir.make", path: "/c" },
];

function catchStepError(fn: () => unknown): StepError {
  try {
    fn();
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("applySteps", () => {
  test("applySteps applies in order and remembers what undoing needs", () => {
    const world: FakeWorld = { calls: [] };
    const applied = applySteps([A, B], { definitions: fakeDefinitions(world) });
    expect(world.calls).toEqual(["apply /a", "apply /b"]);
    expect(applied.done).toEqual([
      { step: A, memo: "memo of /a" },
      { step: B, memo: "memo of /b" },
    ]);
  });

  test("applySteps undoes the finished steps in reverse when one fails", () => {
    const world: FakeWorld = { calls: [], failApply: ["/c"] };
    const error = catchStepError(() => applySteps([A, B, C], { definitions: fakeDefinitions(world) }));
    expect(world.calls).toEqual([
      "apply /a",
      "apply /b",
      "apply /c",
      "undo /b with memo of /b",
      "undo /a with memo of /a",
    ]);
    expect(error).toMatchObject({ code: "KERNEL_CALL_FAILED", step: C, undoErrors: [] });
    expect(error.cause).toBeInstanceOf(KernelError);
    expect(error.message).toBe("Cannot make directory /c: ENOSPC (no space left on device)");
  });

  test("applySteps goes on undoing after an undo fails, and reports both errors", () => {
    const world: FakeWorld = { calls: [], failApply: ["/c"], failUndo: ["/b"] };
    const error = catchStepError(() => applySteps([A, B, C], { definitions: fakeDefinitions(world) }));
    expect(world.calls.at(-1)).toBe("undo /a with memo of /a");
    expect(error.undoErrors.map(({ message }) => message)).toEqual(["cannot remove /b"]);
    expect(error.message).toContain("cannot remove /b");
  });

  test("applySteps tells the journal before and after each step, and of the failure", () => {
    const entries: JournalEntry[] = [];
    const definitions = fakeDefinitions({ calls: [], failApply: ["/b"] });
    catchStepError(() => applySteps([A, B], { definitions, journal: (entry) => entries.push(entry) }));
    expect(entries).toEqual([
      { phase: "apply", step: A, shell: ["mkdir /a"] },
      { phase: "applied", step: A, shell: ["mkdir /a"] },
      { phase: "apply", step: B, shell: ["mkdir /b"] },
      {
        phase: "failed",
        step: B,
        shell: ["mkdir /b"],
        error: "Cannot make directory /b: ENOSPC (no space left on device)",
      },
      { phase: "undo", step: A, shell: ["mkdir /a"] },
      { phase: "undone", step: A, shell: ["mkdir /a"] },
    ]);
  });

  test("applySteps does not apply a step that the journal could not note", () => {
    const world: FakeWorld = { calls: [] };
    const journal = ({ phase, step }: JournalEntry): void => {
      if (phase === "apply" && step === B) throw new NetdError("STATE_WRITE_FAILED", "disk full");
    };
    const error = catchStepError(() => applySteps([A, B], { definitions: fakeDefinitions(world), journal }));
    expect(error.code).toBe("STATE_WRITE_FAILED");
    expect(world.calls).toEqual(["apply /a", "undo /a with memo of /a"]);
  });

  test("applySteps undoes a step whose completion the journal could not note", () => {
    const world: FakeWorld = { calls: [] };
    const journal = ({ phase }: JournalEntry): void => {
      if (phase === "applied") throw new Error("disk full");
    };
    catchStepError(() => applySteps([A], { definitions: fakeDefinitions(world), journal }));
    expect(world.calls).toEqual(["apply /a", "undo /a with memo of /a"]);
  });
});

describe("undoSteps", () => {
  test("undoSteps undoes later what applySteps returned, in reverse, from plain data", () => {
    const world: FakeWorld = { calls: [] };
    const options = { definitions: fakeDefinitions(world) };
    const applied = JSON.parse(JSON.stringify(applySteps([A, B], options)));
    expect(undoSteps(applied, options)).toEqual([]);
    expect(world.calls.slice(2)).toEqual(["undo /b with memo of /b", "undo /a with memo of /a"]);
  });

  test("undoSteps goes on after an error and returns all", () => {
    const world: FakeWorld = { calls: [], failUndo: ["/a", "/c"] };
    const options = { definitions: fakeDefinitions(world) };
    const errors = undoSteps(applySteps([A, B, C], options), options);
    expect(errors.map(({ message }) => message)).toEqual(["cannot remove /c", "cannot remove /a"]);
    expect(world.calls).toHaveLength(6);
  });
});

describe("applySlowSteps", () => {
  test("applySlowSteps does elsewhere what can be, in order, and undoes all of it when a later step fails", async () => {
    const world: FakeWorld = { calls: [], failApply: ["/c"] };
    const fakes = fakeDefinitions(world);
    const definitions: StepDefinitions = {
      ...fakes,
      "link.delete": {
        ...fakes["link.delete"],
        async applyElsewhere({ name }) {
          await Promise.resolve();
          world.calls.push(`delete ${name}`);
        },
        undo: () => void world.calls.push("undo delete"),
      },
    };
    const phases: string[] = [];
    const failing = applySlowSteps([A, { op: "link.delete", name: "ve1" }, B, C], {
      definitions,
      journal: ({ phase, step }) => phases.push(`${phase} ${step.op}`),
    });
    await expect(failing).rejects.toThrow(StepError);
    expect(world.calls).toEqual([
      ...["apply /a", "delete ve1", "apply /b", "apply /c"],
      ...["undo /b with memo of /b", "undo delete", "undo /a with memo of /a"],
    ]);
    expect(phases.slice(0, 5)).toEqual([
      ...["apply dir.make", "applied dir.make", "apply link.delete", "applied link.delete", "apply dir.make"],
    ]);
  });
});

describe("teardownSteps", () => {
  test("teardownSteps goes on after an error, undoes nothing, and returns all errors", () => {
    const world: FakeWorld = { calls: [], failApply: ["/a", "/c"] };
    const errors = teardownSteps([A, B, C], { definitions: fakeDefinitions(world) });
    expect(world.calls).toEqual(["apply /a", "apply /b", "apply /c"]);
    expect(errors.map((error) => (error as StepError).step)).toEqual([A, C]);
  });
});
