/**
 * What the API can ask about drift.
 *
 * @module
 */
import type { DriftItem } from "../../api/index.ts";
import { stepsToShell } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import type { Drift } from "./drift.ts";

/** Drift of one netd, as the API shows it. */
export class DriftApi {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** All differences between what netd wants and what the kernel has, looked for in every namespace; nothing is mended. */
  list(): DriftItem[] {
    return this.#context.reconciler.look({ rules: true, inside: true }).map((drift) => this.#show(drift));
  }

  /** Mend what can be mended, whatever the policies of the networks; what is left. */
  heal(): DriftItem[] {
    return this.#context.reconciler.heal({ rules: true, inside: true }).map((drift) => this.#show(drift));
  }

  #show({ steps, ...drift }: Drift): DriftItem {
    return { ...drift, commands: stepsToShell(steps, this.#context.session) };
  }
}
