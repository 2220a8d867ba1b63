/**
 * Keeps the kernel as netd wants it while it runs: looks after each hint, and now and then without one, mends what is ours, and tells.
 *
 * @module
 */
import type { DriftPolicy } from "../../api/index.ts";
import type { Logger } from "../../logger.ts";
import type { Clock, Timer } from "../clock.ts";
import type { EventFeed } from "../events.ts";
import type { Drift } from "./drift.ts";
import { HealLimit } from "./heal-limit.ts";

/** How far a look goes. */
export interface LookScope {
  /** Compare the rules, too, which takes longer. */
  rules: boolean;
  /** Look into the namespaces of all containers, not only of those where something seems wrong. */
  inside: boolean;
}

/** What a {@link Reconciler} is made from. */
export interface ReconcilerOptions {
  /** Compare what is wanted with what there is. Synchronous, so that no change of ours falls in between. */
  look: (scope: LookScope) => Drift[];
  /** Mend one difference. @throws what the kernel answers */
  mend: (drift: Drift) => void;
  policyOf: (drift: Drift) => DriftPolicy;
  clock: Clock;
  events: Pick<EventFeed, "emit">;
  logger: Logger;
  /** Time between looks without a hint, in milliseconds. */
  pollMs: number;
}

/** From a hint to the look, in milliseconds: what belongs together comes together. */
const SOON_MS = 100;
/** A look that took long is not repeated before this many times its duration have passed. */
const REST_FACTOR = 10;

/** Looks, mends and tells, until it is stopped. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #limit = new HealLimit();
  /** What was told and is still so: told once. */
  #told = new Set<string>();
  #soon: Timer | undefined;
  #poll: Timer | undefined;
  #hasRulesHint = false;
  #restUntilMs = 0;
  #held = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Look at everything now and then, from now on. */
  start(): void {
    const { clock, pollMs } = this.#options;
    this.#poll = clock.after(pollMs, () => {
      this.start();
      this.hint({ rules: true });
    });
  }

  stop(): void {
    this.#poll?.cancel();
    this.#soon?.cancel();
  }

  /** Something may have changed: look soon. */
  hint({ rules = false }: { rules?: boolean } = {}): void {
    this.#hasRulesHint ||= rules;
    this.#lookIn(SOON_MS);
  }

  /** Keep from looking while a change of ours is half done. */
  async hold<T>(change: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await change();
    } finally {
      this.#held--;
      if (this.#held === 0) this.hint();
    }
  }

  /** Tell all differences now; nothing is mended. */
  look(scope: LookScope): Drift[] {
    return this.#options.look(scope);
  }

  /** Mend all that can be mended now, whatever the policies; what is left then. `isQuiet`: no stranger did it, so nobody is told. */
  heal(scope: LookScope, { isQuiet = false }: { isQuiet?: boolean } = {}): Drift[] {
    const found = this.#options.look(scope);
    const mendable = found.filter(canMend);
    for (const drift of mendable) this.#mend(drift, isQuiet);
    return mendable.length === 0 ? found : this.#options.look(scope);
  }

  #lookIn(delayMs: number): void {
    if (this.#soon !== undefined) return;
    const nowMs = this.#options.clock.now().getTime();
    this.#soon = this.#options.clock.after(Math.max(delayMs, this.#restUntilMs - nowMs), () => {
      this.#soon = undefined;
      if (this.#held === 0) this.#lookAndMend();
    });
  }

  #lookAndMend(): void {
    const { clock, logger, policyOf } = this.#options;
    const startMs = clock.now().getTime();
    const scope = { rules: this.#hasRulesHint, inside: false };
    this.#hasRulesHint = false;
    try {
      const found = this.#options.look(scope);
      const told = new Set<string>();
      for (const drift of found) {
        const policy = policyOf(drift);
        if (policy === "off") continue;
        if (policy === "heal" && canMend(drift)) this.#mendUnlessContested(drift);
        else this.#tellOnce(drift, told);
      }
      // What was not looked at is still as it was told.
      if (scope.rules) this.#told = told;
      else for (const key of told) this.#told.add(key);
    } catch (error) {
      logger.error({ err: error }, "cannot compare the kernel with the state");
    }
    const endMs = clock.now().getTime();
    this.#restUntilMs = endMs + (endMs - startMs) * REST_FACTOR;
  }

  #mendUnlessContested(drift: Drift): void {
    const { clock, events, logger } = this.#options;
    const verdict = this.#limit.ask(drift.object, clock.now().getTime());
    if (verdict.waitMs > 0) {
      this.#hasRulesHint = true;
      this.#lookIn(verdict.waitMs);
      return;
    }
    if (verdict.isNewlyContested) {
      logger.warn({ object: drift.object }, "somebody keeps changing what is netd's, it is mended once a second");
      events.emit({ type: "drift.contested", ...describe(drift) });
    }
    this.#mend(drift, verdict.isContested);
  }

  #mend(drift: Drift, isQuiet = false): void {
    const { events, logger, mend } = this.#options;
    const { object, text } = drift;
    try {
      mend(drift);
    } catch (error) {
      logger.error({ err: error, object, text }, "cannot mend what was changed");
      events.emit({ type: "drift.stuck", ...describe(drift, error instanceof Error ? error.message : String(error)) });
      return;
    }
    if (isQuiet) return;
    logger.warn({ object, text }, "mended what was changed");
    events.emit({ type: "drift.healed", ...describe(drift) });
  }

  #tellOnce(drift: Drift, told: Set<string>): void {
    const key = `${drift.object}\0${drift.text}`;
    told.add(key);
    if (this.#told.has(key)) return;
    this.#options.logger.warn({ object: drift.object, text: drift.text }, "found a difference, it is left as it is");
    this.#options.events.emit({ type: "drift.found", ...describe(drift) });
  }
}

function canMend({ steps }: Drift): boolean {
  return steps.length > 0;
}

function describe({ kind, object, text, network, container }: Drift, error?: string) {
  return {
    ...(container === undefined ? {} : { container }),
    attributes: {
      kind,
      object,
      text,
      ...(network === undefined ? {} : { network }),
      ...(error === undefined ? {} : { error }),
    },
  };
}
