/**
 * What is wrong with the command line itself.
 *
 * @module
 */

/** A mistake in the arguments: netctl exits 2 and nothing was asked of netd. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly remedy: string | undefined;
  /** 2, except where docker's own code is expected. */
  readonly exitCode: number;

  constructor(message: string, remedy?: string, exitCode = 2) {
    super(message);
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}
