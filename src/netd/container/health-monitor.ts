/**
 * Checks one running container again and again, from its start to its end.
 *
 * @module
 */
import type { HealthInfo, HealthResult } from "../../api/index.ts";
import type { Clock, Timer } from "../clock.ts";
import { type HealthPlan, judgeHealth, nextCheckMs } from "./health-check.ts";

/** What a {@link HealthMonitor} is made from. */
export interface HealthMonitorOptions {
  plan: HealthPlan;
  /** What is known from before. */
  health: HealthInfo;
  /** When the container was started. */
  startedAt: Date;
  clock: Clock;
  /** Make one check; `undefined` when it could not be made and says nothing of the container. Never rejects. */
  probe: (signal: AbortSignal) => Promise<Pick<HealthResult, "exitCode" | "output"> | undefined>;
  /** Told after each check. */
  onResult: (health: HealthInfo) => void;
}

/** Makes check after check, never two at a time. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #ended = new AbortController();
  #health: HealthInfo;
  #timer: Timer | undefined;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#health = options.health;
    this.#schedule();
  }

  /** End the checks, and the one that is being made. */
  stop(): void {
    this.#timer?.cancel();
    this.#ended.abort();
  }

  #ageMs(): number {
    const { clock, startedAt } = this.#options;
    return clock.now().getTime() - startedAt.getTime();
  }

  #schedule(): void {
    const { clock, plan } = this.#options;
    this.#timer = clock.after(nextCheckMs(plan, this.#health, this.#ageMs()), () => void this.#check());
  }

  async #check(): Promise<void> {
    const { clock, plan, probe, onResult } = this.#options;
    const start = clock.now().toISOString();
    const result = await probe(this.#ended.signal);
    if (this.#ended.signal.aborted) return;
    if (result !== undefined) {
      const full = { start, end: clock.now().toISOString(), ...result };
      this.#health = judgeHealth(plan, this.#health, full, this.#ageMs());
      onResult(this.#health);
    }
    this.#schedule();
  }
}
