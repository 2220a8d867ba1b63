/**
 * The entry of `netctl`.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { NetctlContext } from "./context.ts";
import { runNetctl } from "./run-netctl.ts";
import { NETCTL_VERSION } from "./version.ts";

/** What a process that SIGPIPE ended would show; node ignores that signal. */
const EXIT_BROKEN_PIPE = 128 + 13;

void main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  exitWhenUnwritable(process.stdout);
  exitWhenUnwritable(process.stderr);
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
    process.stdout.write(`netctl ${NETCTL_VERSION}\n`);
    return;
  }
  const context: NetctlContext = {
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: { ...process.env },
    workdir: process.cwd(),
    programDirectory: dirname(realpathSync(process.argv[1] ?? "")),
    nowMs: () => Date.now(),
    exitCode: 0,
  };
  await runNetctl(argv, context);
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  // Open inputs and connections must not hold a finished command.
  process.exit(context.exitCode);
}

/** Wait until a slow reader has taken everything. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0) await new Promise((resolve) => stream.write("", resolve));
}

/** End when nobody takes our output. A reader such as `head` that has seen enough is no error. */
function exitWhenUnwritable(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_BROKEN_PIPE);
    if (stream !== process.stderr) process.stderr.write(`netctl: Cannot write the output: ${error.message}\n`);
    process.exit(1);
  });
}
