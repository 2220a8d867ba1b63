/**
 * The client's side of a stream connection.
 *
 * @module
 */
import type { RuntimeStream } from "../../src/runtime/index.ts";
import { FrameParser, formatFrame } from "../../src/stream/index.ts";

/** What a process wrote, and how it ended. */
export interface StreamResult {
  stdout: Buffer;
  stderr: Buffer;
  /** Absent when the connection ended without saying it. */
  exitCode?: number;
}

/** Send `input` and its end, and take everything until the connection ends. */
export async function collectStream(
  stream: Pick<RuntimeStream<"start">, "socket" | "rest">,
  input?: string | Buffer,
): Promise<StreamResult> {
  const reader = new StreamReader(stream);
  if (input !== undefined) {
    if (input.length > 0) reader.send(Buffer.from(input));
    reader.send(Buffer.alloc(0));
  }
  return await reader.end;
}

/** Reads frames as they come. */
export class StreamReader {
  /** Settles when the connection has ended. */
  readonly end: Promise<StreamResult>;
  readonly #socket: RuntimeStream<"start">["socket"];
  readonly #pieces: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  readonly #waiters = new Set<() => void>();

  constructor({ socket, rest }: Pick<RuntimeStream<"start">, "socket" | "rest">) {
    this.#socket = socket;
    const parser = new FrameParser();
    let exitCode: number | undefined;
    const take = (bytes: Buffer) => {
      for (const { kind, payload } of parser.push(bytes)) {
        if (kind === "stdout" || kind === "stderr") this.#pieces[kind].push(Buffer.from(payload));
        if (kind === "exit") ({ exitCode } = JSON.parse(payload.toString()) as { exitCode: number });
      }
      for (const waiter of [...this.#waiters]) waiter();
    };
    this.end = new Promise((resolve) => {
      socket.on("close", () => {
        for (const waiter of [...this.#waiters]) waiter();
        const stdout = Buffer.concat(this.#pieces.stdout);
        const stderr = Buffer.concat(this.#pieces.stderr);
        resolve({ stdout, stderr, ...(exitCode === undefined ? {} : { exitCode }) });
      });
    });
    socket.on("error", () => {});
    socket.on("data", take);
    if (rest.length > 0) take(rest);
    socket.resume();
  }

  /** All of standard output so far, as text. */
  get text(): string {
    return Buffer.concat(this.#pieces.stdout).toString();
  }

  /** Send standard input; empty: its end. */
  send(bytes: Buffer | string): void {
    this.#socket.write(formatFrame("stdin", Buffer.from(bytes)));
  }

  /** Send the terminal's size. */
  resize(rows: number, columns: number): void {
    this.#socket.write(formatFrame("resize", { rows, columns }));
  }

  /** Hang up without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Resolves with the match when standard output has it. Rejects when the connection ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(this.text);
        if (match === null && !this.#socket.destroyed) return;
        this.#waiters.delete(check);
        if (match === null) reject(new Error(`${pattern} never came, but: ${this.text}`));
        else resolve(match);
      };
      this.#waiters.add(check);
      check();
    });
  }
}
