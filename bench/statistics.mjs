// Medians of interleaved runs.
import { setTimeout as delay } from "node:timers/promises";

/** The value below which the given share of the values lies; the mean of the two in the middle for a median of an even count. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** The median. */
export function median(values) {
  return quantile(values, 0.5);
}

/** What a contestant leaves to the kernel, such as the end of a network namespace, is over before the next one runs. */
const PAUSE_MS = 80;

/**
 * Run each contestant once a round, for so many rounds, after some that don't count; times in milliseconds by name.
 *
 * The order turns with each round, so that nobody always runs in another's wake.
 */
export async function interleave(contestants, { rounds, warmups }) {
  const names = Object.keys(contestants);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmups; round < rounds; round++) {
    const shift = Math.abs(round) % names.length;
    for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
      await delay(PAUSE_MS);
      const time = await contestants[name](round + warmups);
      if (round >= 0) times[name].push(time);
    }
  }
  return times;
}

/** Call `act(index)` for each of `count` indexes, `width` at a time; the milliseconds that all of it took. */
export async function timeAll(count, width, act) {
  let next = 0;
  const start = performance.now();
  const worker = async (lane) => {
    while (next < count) await act(next++, lane);
  };
  await Promise.all(Array.from({ length: width }, (_, lane) => worker(lane)));
  return performance.now() - start;
}
