/**
 * Keeps netd from fighting: who undoes each of its repairs at once gets one repair a second, not a busy loop. Pure, given the time.
 *
 * @module
 */

/** What {@link HealLimit.ask} answers. */
export interface HealVerdict {
  /** Milliseconds until the repair may be made; 0: now. */
  waitMs: number;
  /** Repairs of this object follow each other too closely to be told one by one. */
  isContested: boolean;
  /** They do since this repair. */
  isNewlyContested: boolean;
}

/** So many repairs within {@link WINDOW_MS} are taken for accidents. */
const FREE_HEALS = 10;
const WINDOW_MS = 10_000;
/** Time between repairs of what is contested. */
const CONTESTED_MS = 1_000;

interface History {
  /** Times of the last repairs, the latest last. */
  healsMs: number[];
  isContested: boolean;
}

/** Remembers repairs by object. */
export class HealLimit {
  readonly #histories = new Map<string, History>();

  /** Ask whether an object may be repaired now; a wait of 0 counts as a repair. */
  ask(object: string, nowMs: number): HealVerdict {
    this.#forgetOld(nowMs);
    const history = this.#histories.get(object) ?? { healsMs: [], isContested: false };
    this.#histories.set(object, history);
    const wasContested = history.isContested;
    history.isContested ||= history.healsMs.length >= FREE_HEALS;
    const last = history.healsMs.at(-1);
    const waitMs = history.isContested && last !== undefined ? Math.max(0, last + CONTESTED_MS - nowMs) : 0;
    if (waitMs === 0) history.healsMs = [...history.healsMs.slice(1 - FREE_HEALS), nowMs];
    else history.isContested = wasContested;
    return { waitMs, isContested: history.isContested, isNewlyContested: history.isContested && !wasContested };
  }

  /** An object that was left in peace for a while is not contested any more. */
  #forgetOld(nowMs: number): void {
    for (const [object, history] of this.#histories) {
      if ((history.healsMs.at(-1) ?? 0) < nowMs - WINDOW_MS) this.#histories.delete(object);
      else if (!history.isContested) history.healsMs = history.healsMs.filter((ms) => ms >= nowMs - WINDOW_MS);
    }
  }
}
