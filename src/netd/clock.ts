/**
 * Time as the daemon sees it: handed in, so that tests turn the hands.
 *
 * @module
 */

/** Something that will happen; cancelling it twice, or after it happened, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Tells the time and calls back. */
export interface Clock {
  now(): Date;
  /** Call `act` once, `delayMs` from now. */
  after(delayMs: number, act: () => void): Timer;
}

/** The clock of this host. Its timers keep no process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: () => new Date(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
