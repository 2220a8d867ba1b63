/**
 * What a command may use of the world around it.
 *
 * @module
 */
import type { ReadStream, WriteStream } from "node:tty";
import { ApiClient, findSocketPath } from "../api/index.ts";

/** The process that netctl runs in, as far as commands may see it. */
export interface NetctlContext {
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  env: Record<string, string | undefined>;
  workdir: string;
  /** Where netctl's own file lies; its neighbours are the other commands. */
  programDirectory: string;
  nowMs(): number;
  /** What the process will exit with. */
  exitCode: number;
}

/** Options that every command takes. */
export interface CommonOptions {
  json?: boolean;
  show?: boolean;
  socket?: string;
}

/** Create a client of the netd that the options or the environment name. */
export function clientOf(options: CommonOptions, context: NetctlContext): ApiClient {
  return new ApiClient(findSocketPath(options.socket, context.env));
}
