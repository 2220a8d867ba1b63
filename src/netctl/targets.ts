/**
 * Commands that take several containers: one that fails does not keep the others from their turn.
 *
 * @module
 */
import type { CommonOptions, NetctlContext } from "./context.ts";
import { exitCodeOf, formatFailure } from "./exit-code.ts";
import { printCommands, printJson } from "./output.ts";

/** What a command does to one container. */
export interface TargetAction<T> {
  /** The commands that would do it by hand. */
  show(target: string): Promise<string[]>;
  act(target: string): Promise<T>;
  /** The line that reports it; without this, the target's name as it was given. */
  report?(result: T): string;
}

/** Act on each target in order; report each failure on standard error, and exit 1 in the end when there was one. */
export async function actOnTargets<T>(
  targets: string[],
  options: CommonOptions,
  context: NetctlContext,
  action: TargetAction<T>,
): Promise<void> {
  if (options.show) {
    const plans = await forEachTarget(targets, context, action.show);
    return printCommands(plans.flat(), options, context);
  }
  const results = await forEachTarget(targets, context, async (target) => {
    const result = await action.act(target);
    if (!options.json && result !== undefined) context.stdout.write(`${action.report?.(result) ?? target}\n`);
    return result;
  });
  if (options.json)
    printJson(
      results.filter((result) => result !== undefined),
      context,
    );
}

/** Do `act` for each target in order, report each failure on standard error, and return what succeeded. */
export async function forEachTarget<T>(
  targets: string[],
  context: NetctlContext,
  act: (target: string) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  for (const target of targets) {
    try {
      done.push(await act(target));
    } catch (error) {
      context.stderr.write(formatFailure(error));
      context.exitCode = exitCodeOf(error, "");
    }
  }
  return done;
}
