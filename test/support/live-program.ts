/**
 * Programs that run beside a test and are talked to: fed, watched, signalled, and looked at as a person at a terminal does.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import type { Readable } from "node:stream";

/** How long {@link LiveProgram.see} waits, in milliseconds. */
const LIMIT_MS = 20_000;

/** What a {@link LiveProgram} is started with. */
export interface LiveProgramOptions {
  env: NodeJS.ProcessEnv;
  /** Words before the command that take it somewhere else. */
  enter?: readonly string[];
  /** Give it a terminal, made by script(1); its output is then all in `stdout`. */
  hasTerminal?: boolean;
}

/** A program with pipes, or with a terminal of its own. Killed when disposed. */
export class LiveProgram implements AsyncDisposable {
  /** All that it wrote so far. */
  stdout = "";
  stderr = "";
  readonly process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #seen = 0;
  #wake: () => void = () => {};

  private constructor(process: ChildProcess) {
    this.process = process;
    this.#closed = once(process, "close").then(() => this.#wake());
    process.stdin?.on("error", () => {});
    this.#collect("stdout", process.stdout!); // both are pipes
    this.#collect("stderr", process.stderr!);
  }

  static start(command: readonly string[], options: LiveProgramOptions): LiveProgram {
    const { env, enter = [], hasTerminal = false } = options;
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const [program = "", ...argv] = hasTerminal
      ? [...enter, "script", "--quiet", "--return", "--flush", "--command", `exec ${quoted}`, "/dev/null"]
      : [...enter, ...command];
    // A process group of its own, to be ended as one.
    return new LiveProgram(spawn(program, argv, { env, stdio: ["pipe", "pipe", "pipe"], detached: true }));
  }

  /** Write to its standard input, or press keys. */
  type(text: string): void {
    this.process.stdin?.write(text);
  }

  /** Wait until its standard output has something behind what was seen last, and return the match. @throws when it ends or takes too long */
  async see(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const match = pattern.exec(this.stdout.slice(this.#seen));
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      const left = deadline - performance.now();
      if (left <= 0 || this.#hasEnded)
        throw new Error(
          `never saw ${pattern} in ${JSON.stringify(this.stdout)}, errors ${JSON.stringify(this.stderr)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Wait for its end, and for that of its output. `null` when a signal ended it. */
  async exitCode(): Promise<number | null> {
    await this.#closed;
    return this.process.exitCode;
  }

  /** Make the terminal's window another size: what runs in its foreground gets SIGWINCH. */
  resize(rows: number, columns: number): void {
    stty(this.#terminal(), "rows", String(rows), "columns", String(columns));
  }

  /** Settings of the terminal, as stty(1) writes them for itself. */
  terminalSettings(): string {
    return stty(this.#terminal(), "--save");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.process;
    if (!this.#hasEnded && pid !== undefined) process.kill(-pid, "SIGKILL");
    await this.#closed;
  }

  get #hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  #collect(name: "stdout" | "stderr", stream: Readable): void {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this[name] += text;
      this.#wake();
    });
  }

  /** The user's side of the terminal: standard input of the first process below us that has one. */
  #terminal(): string {
    let pid = String(this.process.pid);
    for (;;) {
      const input = readlinkSync(`/proc/${pid}/fd/0`);
      if (input.startsWith("/dev/pts/")) return input;
      [pid = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    }
  }
}

function stty(terminal: string, ...settings: string[]): string {
  return execFileSync("stty", ["-F", terminal, ...settings], { encoding: "utf8" }).trim();
}
