/**
 * Numbers in option values.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

/** Make a parser of whole numbers for `option`. The parser throws {@link UsageError} below `least` and on anything else. */
export function integerParser(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    const example = `${option} ${Math.max(least, 10)}`;
    throw new UsageError(`Cannot read ${option} '${text}': a whole number of at least ${least} wanted`, example);
  };
}

/**
 * Parse a number of CPUs, such as 0.5.
 *
 * @throws {UsageError} when it is not above 0.
 */
export function parseCpus(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0) return value;
  throw new UsageError(`Cannot read --cpus '${text}': a number above 0 wanted`, "--cpus 0.5");
}
