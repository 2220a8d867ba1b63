/**
 * Rules for JSON documents: each takes a value that may be anything, and gives back the same value with a type, or an error that names its
 * place. Small on purpose, as a command that lives for milliseconds loads it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";

/** Where a rule reports what it lets pass although it is not right. */
export type Warn = (message: string) => void;

/** How a value is taken. */
export interface Rule<T> {
  /** `path` is the JSON path of the value, such as `$.process.args[0]`. @throws {NetdError} OCI_CONFIG_INVALID */
  take(value: unknown, path: string, warn: Warn): T;
  /** Property name, `[]` for items or `*` for values of a map, to the rules below. */
  readonly below?: Readonly<Record<string, Rule<unknown>>>;
}

/** A rule of a property that is there even when the document has none. */
export interface PresentRule<T> extends Rule<T> {
  /** What to take for an absent one. @throws {NetdError} OCI_CONFIG_INVALID when there must be one */
  absent(path: string): T;
}

type IsOptional<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? true : false;

/** One rule for each property of a type, no more and no less. */
export type Fields<T> = {
  [K in keyof T]-?: IsOptional<T, K> extends true ? Rule<Exclude<T[K], undefined>> : PresentRule<T[K]>;
};

/** Refuse a document because of one place in it. */
export function refuse(path: string, state: string, wanted: string, remedy?: string): never {
  throw new NetdError("OCI_CONFIG_INVALID", `Cannot take ${path}: ${state}, ${wanted}`, {
    remedy: remedy ?? `Mend ${path} in the document; config.md of the OCI runtime specification describes it`,
  });
}

/** Take a string, of a form if one is given. */
export function text<T extends string = string>(wanted = "a string is wanted", form?: RegExp): Rule<T> {
  return {
    take(value, path) {
      if (typeof value !== "string") return refuse(path, `it is ${show(value)}`, wanted);
      if (value.includes("\0")) return refuse(path, "it holds a zero byte", "a string without one is wanted");
      if (form !== undefined && !form.test(value)) return refuse(path, `it is ${show(value)}`, wanted);
      return value as T;
    },
  };
}

/** Take one of some strings. */
export function oneOf<T extends string>(names: readonly T[]): Rule<T> {
  const wanted = `one of ${names.join(", ")} is wanted`;
  return {
    take(value, path) {
      const name = names.find((candidate) => candidate === value);
      return name ?? refuse(path, `it is ${show(value)}`, wanted);
    },
  };
}

/** Take true or false. */
export const flag: Rule<boolean> = {
  take: (value, path) =>
    typeof value === "boolean" ? value : refuse(path, `it is ${show(value)}`, "true or false is wanted"),
};

/** Take a whole number between two bounds, themselves included. One with more digits than a double has is rounded down to 4096, a page. */
export function integer(min: number | bigint, max: number | bigint): Rule<number> {
  const exact = bigInteger(min, max);
  return {
    take(value, path, warn) {
      const whole = exact.take(value, path, warn);
      return typeof whole === "number" ? whole : Number((BigInt(whole) / PAGE) * PAGE);
    },
  };
}

const PAGE = 4096n;

/** Take a whole number between two bounds exactly: as decimal digits when it has more of them than a double. */
export function bigInteger(min: number | bigint, max: number | bigint): Rule<number | string> {
  const wanted = `a whole number from ${min} to ${max} is wanted`;
  return {
    take(value, path) {
      const whole = typeof value === "string" && /^-?\d{16,20}$/.test(value) ? BigInt(value) : value;
      const isWhole = typeof whole === "bigint" || (typeof whole === "number" && Number.isInteger(whole));
      if (!isWhole || whole < min || whole > max) return refuse(path, `it is ${show(value)}`, wanted);
      const number = Number(whole);
      return Number.isSafeInteger(number) ? number : BigInt(whole).toString();
    },
  };
}

/** Take a list. */
export function list<T>(item: Rule<T>): Rule<T[]> {
  return {
    below: { "[]": item },
    take(value, path, warn) {
      if (!Array.isArray(value)) return refuse(path, `it is ${show(value)}`, "a list is wanted");
      return value.map((element, index) => item.take(element, `${path}[${index}]`, warn));
    },
  };
}

/** Take an object with one value for each of any keys. */
export function map<T>(
  item: Rule<T>,
  checkKey: (key: string, path: string) => void = () => {},
): Rule<Record<string, T>> {
  return {
    below: { "*": item },
    take(value, path, warn) {
      const entries = Object.entries(plainObject(value, path)).map(([key, element]): [string, T] => {
        const below = `${path}[${JSON.stringify(key)}]`;
        checkKey(key, below);
        return [key, item.take(element, below, warn)];
      });
      return Object.fromEntries(entries);
    },
  };
}

/** Take an object with the properties of a type. Others are passed over, as the specification wants, and null counts as absent. */
export function object<T>(fields: Fields<T>): Rule<T> {
  const rules = Object.entries(fields as Record<string, Rule<unknown> | PresentRule<unknown>>);
  return {
    below: fields as Record<string, Rule<unknown>>,
    take(value, path, warn) {
      const source = plainObject(value, path);
      const result: Record<string, unknown> = {};
      for (const [name, rule] of rules) {
        const below = `${path}.${name}`;
        const element = Object.hasOwn(source, name) ? source[name] : undefined;
        const isAbsent = element === undefined || element === null;
        const taken = !isAbsent ? rule.take(element, below, warn) : "absent" in rule ? rule.absent(below) : undefined;
        if (taken !== undefined) result[name] = taken;
      }
      return result as T;
    },
  };
}

/** Make a property one that must be there. */
export function required<T>(rule: Rule<T>): PresentRule<T> {
  return { ...rule, absent: (path) => refuse(path, "it is missing", "the specification requires it") };
}

/** Make a property one that has a value when the document has none. */
export function orElse<T>(rule: Rule<T>, make: () => T): PresentRule<T> {
  return { ...rule, absent: make };
}

/** Look at what a rule took, and perhaps change it. */
export function checked<T, U = T>(rule: Rule<T>, next: (value: T, path: string, warn: Warn) => U): Rule<U> {
  return { ...rule, take: (value, path, warn) => next(rule.take(value, path, warn), path, warn) };
}

/** Take an empty string, which is how programs in Go write "none", for absent. */
export function unlessEmpty<T>(rule: Rule<T>): Rule<T> {
  return { ...rule, take: (value, path, warn) => (value === "" ? (undefined as T) : rule.take(value, path, warn)) };
}

/** The places that rules know, as `process.user.uid`, `mounts[].options`, `linux.sysctl.*`. */
export function listPlaces(rule: Rule<unknown>, path = ""): string[] {
  return Object.entries(rule.below ?? {}).flatMap(([name, below]) => {
    const place = name === "[]" ? `${path}[]` : path === "" ? name : `${path}.${name}`;
    return [...(name === "[]" ? [] : [place]), ...listPlaces(below, place)];
  });
}

function plainObject(value: unknown, path: string): Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : refuse(path, `it is ${show(value)}`, "an object is wanted");
}

const SHOWN_LENGTH = 60;

/** A value as an error shows it: short, on one line. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return String(value);
  const written = JSON.stringify(value) ?? typeof value;
  return written.length <= SHOWN_LENGTH ? written : `${written.slice(0, SHOWN_LENGTH)}…`;
}
