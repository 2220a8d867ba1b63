/**
 * Waiting for the kernel without leaving a synchronous step.
 *
 * @module
 */

/** How long and how often {@link waitSync} asks. */
export interface WaitSyncOptions {
  limitMs: number;
  everyMs: number;
}

/** Ask until the answer is yes or the time is up; the last answer. The thread does nothing else meanwhile: keep limits small. */
export function waitSync(isDone: () => boolean, { limitMs, everyMs }: WaitSyncOptions): boolean {
  const deadline = performance.now() + limitMs;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!isDone()) {
    if (performance.now() > deadline) return false;
    Atomics.wait(sleeper, 0, 0, everyMs);
  }
  return true;
}
