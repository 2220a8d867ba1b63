import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import type { NetctlContext } from "../../src/netctl/context.ts";

/** A context whose output is kept. */
export interface RecordedContext extends NetctlContext {
  /** What was written so far. */
  texts(): { stdout: string; stderr: string };
}

/** Make a context without a terminal, in /home/me, on 2025-01-31 at noon UTC. */
export function recordContext(env: Record<string, string | undefined> = {}): RecordedContext {
  const written = { stdout: "", stderr: "" };
  const record = (stream: "stdout" | "stderr"): WriteStream => {
    const output = new PassThrough();
    output.on("data", (bytes: Buffer) => {
      written[stream] += bytes.toString();
    });
    return output as unknown as WriteStream; // nothing asks more of it than a stream without a terminal has
  };
  return {
    stdin: new PassThrough() as unknown as ReadStream,
    stdout: record("stdout"),
    stderr: record("stderr"),
    env,
    workdir: "/home/me",
    programDirectory: "/opt/netd",
    nowMs: () => Date.parse("2025-01-31T12:00:00Z"),
    exitCode: 0,
    texts: () => ({ ...written }),
  };
}
