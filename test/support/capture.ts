/**
 * What passes a link, as tcpdump sees it.
 *
 * @module
 */
import type { LiveProgram } from "./live-program.ts";
import type { TestSandbox } from "./sandbox.ts";

/** A capture that goes on until disposed. */
export class Capture implements AsyncDisposable {
  readonly #program: LiveProgram;

  private constructor(program: LiveProgram) {
    this.#program = program;
  }

  /** Start one on a link of a named network namespace, or of the host, and wait until it sees. */
  static async start(sandbox: TestSandbox, { netns, link }: { netns?: string; link: string }): Promise<Capture> {
    const enter = netns === undefined ? "" : `nsenter --net=/run/netns/${netns} `;
    const tcpdump = `exec ${enter}tcpdump -i ${link} -l -n -e -t --immediate-mode 2>&1`;
    const program = sandbox.start("sh", "-c", tcpdump);
    await program.see(/listening on/);
    return new Capture(program);
  }

  /** Wait for a frame, and return all lines up to it. @throws when it does not come */
  async until(pattern: RegExp): Promise<string> {
    await this.#program.see(pattern);
    return this.#program.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
