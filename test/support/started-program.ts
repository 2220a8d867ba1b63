/**
 * Programs that run beside a test.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that said it is ready; killed and waited for when disposed. */
export class StartedProgram implements AsyncDisposable {
  readonly process: ChildProcess;
  /** What it said first. */
  firstLine = "";
  readonly #exited: Promise<unknown[]>;

  private constructor(process: ChildProcess) {
    this.process = process;
    this.#exited = once(process, "exit");
  }

  static async start([command, ...args]: readonly [string, ...string[]]): Promise<StartedProgram> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    const program = new StartedProgram(child);
    const line = once(createInterface({ input: child.stdout! }), "line");
    [program.firstLine = ""] = await Promise.race([
      line,
      program.#exited.then(([code]) => {
        throw new Error(`${args.join(" ")} ended with ${code}`);
      }),
    ]);
    return program;
  }

  /** Wait for its end and return its exit code. */
  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#exited;
  }
}
