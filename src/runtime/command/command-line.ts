/**
 * Flags as Go's package `flag` reads them, with the additions of urfave/cli that runc's callers use: one or two dashes, `-flag value` and
 * `-flag=value`, and flags behind the arguments unless a command says otherwise.
 *
 * @module
 */

/** A flag of a command. */
export interface FlagSpec {
  /** The first is the name in help and in {@link Flags}. */
  names: readonly [string, ...string[]];
  /** `list`: may be given more than once. */
  kind: "bool" | "text" | "number" | "list";
  usage: string;
  /** What help says it is when it is left away. */
  byDefault?: string;
}

/** Raised for words that make no command; callers print it with how to get help. */
export class UsageError extends Error {}

/** What was given, by the first name of each flag. */
export class Flags {
  readonly #values = new Map<string, string[]>();

  add(name: string, value: string): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  bool(name: string): boolean {
    return this.text(name) === "true";
  }

  /** The last one given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  list(name: string): string[] {
    return this.#values.get(name) ?? [];
  }
}

/** A command line taken apart. */
export interface ParsedWords {
  flags: Flags;
  args: string[];
}

/** What {@link parseWords} may find. */
export interface ParseWordsOptions {
  specs: readonly FlagSpec[];
  /** The first argument ends the flags: what follows is another program's. */
  isOrdered: boolean;
}

/** Take words apart. @throws {UsageError} */
export function parseWords(words: readonly string[], { specs, isOrdered }: ParseWordsOptions): ParsedWords {
  const flags = new Flags();
  const args: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!; // at is below the length
    if (word === "--") return { flags, args: [...args, ...words.slice(at + 1)] };
    const [, name = "", inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const spec = specs.find(({ names }) => names.includes(name));
    if (name === "" || (spec === undefined && args.length > 0)) {
      if (isOrdered) return { flags, args: [...args, ...words.slice(at)] };
      args.push(word);
      continue;
    }
    if (spec === undefined) throw new UsageError(`flag provided but not defined: -${name}`);
    if (spec.kind === "bool") {
      flags.add(spec.names[0], parseBool(name, inline ?? "true"));
      continue;
    }
    const value = inline ?? words[++at];
    if (value === undefined) throw new UsageError(`flag needs an argument: -${name}`);
    if (spec.kind === "number") checkNumber(name, value);
    flags.add(spec.names[0], value);
  }
  return { flags, args };
}

function parseBool(name: string, text: string): string {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return "true";
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return "false";
  throw new UsageError(`invalid boolean value "${text}" for -${name}`);
}

function checkNumber(name: string, text: string): void {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`invalid value "${text}" for flag -${name}`);
}
