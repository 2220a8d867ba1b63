/**
 * Output kept for one JSON document instead of printed.
 *
 * @module
 */
import { type Readable, Writable } from "node:stream";
import type { SessionStreams } from "./session.ts";

/** Standard streams of a session under `--json`. */
export class CapturedStreams implements SessionStreams {
  readonly #context: SessionStreams;
  readonly #parts: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  readonly stdout: Writable = collectInto(this.#parts.stdout);
  readonly stderr: Writable = collectInto(this.#parts.stderr);

  constructor(context: SessionStreams) {
    this.#context = context;
  }

  get stdin(): Readable {
    return this.#context.stdin;
  }

  /** All output so far, as text. */
  texts(): { stdout: string; stderr: string } {
    return {
      stdout: Buffer.concat(this.#parts.stdout).toString(),
      stderr: Buffer.concat(this.#parts.stderr).toString(),
    };
  }
}

function collectInto(parts: Buffer[]): Writable {
  return new Writable({
    write(bytes: Buffer, _encoding, done) {
      parts.push(bytes);
      done();
    },
  });
}
