/**
 * The keys that leave a container without ending it: ctrl-p, then ctrl-q, unless the user wants others.
 *
 * @module
 */
import type { Command } from "commander";
import { UsageError } from "./usage-error.ts";

/** ctrl-p, ctrl-q: docker's. */
const DEFAULT_SEQUENCE: readonly number[] = [0x10, 0x11];
/** Control characters by the key that is pressed with ctrl. */
const CONTROL_KEYS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

/** What typed bytes mean. */
export interface TypedBytes {
  /** For the container. */
  forward: Buffer;
  isDetached: boolean;
}

/** Add `--detach-keys`. */
export function addDetachKeys(command: Command): Command {
  return command.option(
    "--detach-keys <keys>",
    "keys that leave it running, such as ctrl-a,d (default: ctrl-p,ctrl-q)",
    parseDetachKeys,
  );
}

/**
 * Parse docker's notation: keys with commas between them, each one character or `ctrl-` and one of a-z @ [ \ ] ^ _.
 *
 * @throws {UsageError} on anything else.
 */
export function parseDetachKeys(text: string): readonly number[] {
  if (text === "") return DEFAULT_SEQUENCE;
  return text.split(",").map((key) => {
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    const code = control === undefined ? -1 : CONTROL_KEYS.indexOf(control);
    if (code >= 0) return code;
    const bytes = Buffer.from(key);
    if (bytes.length === 1) return bytes[0]!; // it has one
    throw new UsageError(
      `Cannot read detach key '${key}': one character, or ctrl- and a letter wanted`,
      "--detach-keys ctrl-a,d",
    );
  });
}

/** Watches what is typed. Keys that begin the sequence are held back until the next one shows what they were. */
export class DetachKeys {
  readonly #sequence: readonly number[];
  #matched = 0;

  constructor(sequence: readonly number[] = DEFAULT_SEQUENCE) {
    this.#sequence = sequence;
  }

  /** Take typed bytes; what follows the detach keys is dropped. */
  push(bytes: Buffer): TypedBytes {
    const forward: number[] = [];
    for (const byte of bytes) {
      while (this.#matched > 0 && byte !== this.#sequence[this.#matched]) forward.push(...this.#release());
      if (byte !== this.#sequence[this.#matched]) forward.push(byte);
      else if (++this.#matched === this.#sequence.length) return { forward: Buffer.from(forward), isDetached: true };
    }
    return { forward: Buffer.from(forward), isDetached: false };
  }

  /** Let go of held keys until the rest may still begin the sequence. */
  #release(): readonly number[] {
    const held = this.#sequence.slice(0, this.#matched);
    const isBeginning = (rest: readonly number[]) => rest.every((byte, index) => byte === this.#sequence[index]);
    let count = 1;
    while (!isBeginning(held.slice(count))) count++;
    this.#matched = held.length - count;
    return held.slice(0, count);
  }
}
