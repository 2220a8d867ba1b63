/**
 * `--filter KEY=VALUE`: several values of one key are alternatives, several keys must all hold; labels must all hold.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

/** Says whether a thing has a value of one key. */
export type FilterTest<T> = (thing: T, value: string) => boolean;

/** Wanted values by key. */
export type Filters = Map<string, string[]>;

/** Parse the values of `--filter`. @throws {UsageError} for a key that is not in `keys` */
export function parseFilters(texts: readonly string[], keys: readonly string[]): Filters {
  const filters: Filters = new Map();
  for (const text of texts) {
    const at = text.indexOf("=");
    const key = at < 0 ? text : text.slice(0, at).trim();
    if (at < 0 || !keys.includes(key)) {
      throw new UsageError(`Cannot filter by '${text}': one of ${keys.join(", ")} wanted`, `--filter ${keys[0]}=VALUE`);
    }
    filters.set(key, [...(filters.get(key) ?? []), text.slice(at + 1).trim()]);
  }
  return filters;
}

/** Whether a thing passes. */
export function matchesFilters<T>(thing: T, filters: Filters, tests: Record<string, FilterTest<T>>): boolean {
  return [...filters].every(([key, values]) => {
    const has = (value: string): boolean => tests[key]?.(thing, value) ?? false;
    return key === "label" ? values.every(has) : values.some(has);
  });
}

/** Whether labels have `NAME`, or `NAME=VALUE`. */
export function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  return at < 0 ? wanted in labels : labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}
