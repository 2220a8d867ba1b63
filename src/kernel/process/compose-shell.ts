/**
 * From steps to the commands that a person would type to start the same process.
 *
 * @module
 */

import { shellQuote } from "../step/shell.ts";
import type { PidNamespace } from "./birth.ts";
import { definitionOf, type ProcessStep } from "./process-step.ts";

/** What {@link composeShell} needs besides the steps. */
export interface ComposeShellOptions {
  pidNamespace: PidNamespace;
  /** Process whose pid namespace is joined, when one is. */
  pid?: number;
}

/**
 * Write the steps as one command. Steps that wrap (`unshare`, `nsenter`, `setpriv`) become words before the command that does the rest,
 * `sh -euc` when that is more than one line.
 */
export function composeShell(steps: readonly ProcessStep[], options: ComposeShellOptions): string {
  const lines = composeLines(steps, pidPrefix(options));
  return lines.length === 1 ? lines[0]! : `(\n${indent(lines).join("\n")}\n)`;
}

function pidPrefix({ pidNamespace, pid }: ComposeShellOptions): string[] {
  if (pidNamespace === "host") return [];
  return [pidNamespace === "new" ? "unshare --pid --fork" : `nsenter --target=${pid} --pid`];
}

/** Lines up to the first wrapping step, then one line for it and all that it wraps. */
function composeLines(steps: readonly ProcessStep[], prefix: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [index, step] of steps.entries()) {
    const definition = definitionOf(step);
    const words = definition.toShell(step);
    if (definition.wraps === true && words.length > 0)
      return [...lines, composeWrapped([...prefix, ...words], steps.slice(index + 1))];
    if (step.op === "exec") return [...lines, `exec ${[...prefix, ...words].join(" ")}`];
    lines.push(...words);
  }
  return lines;
}

function composeWrapped(prefix: readonly string[], steps: readonly ProcessStep[]): string {
  const lines = composeLines(steps, []);
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && only.startsWith("exec ")) {
    return `exec ${[...prefix, only.slice("exec ".length)].join(" ")}`;
  }
  return `exec ${prefix.join(" ")} sh -euc ${shellQuote(`\n${indent(lines).join("\n")}\n`)}`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
