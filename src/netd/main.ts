/**
 * The command `netd`.
 *
 * @module
 */
import { formatError } from "../errors.ts";
import { createLogger } from "../logger.ts";
import { Daemon } from "./daemon.ts";
import { createServer, listenOnSocket } from "./http/index.ts";
import { type DaemonCommand, parseDaemonOptions, USAGE } from "./options.ts";
import { teardown } from "./teardown.ts";

declare const NETD_VERSION: string;

async function main(): Promise<void> {
  let command: DaemonCommand;
  try {
    command = parseDaemonOptions(process.argv.slice(2), process.env);
  } catch (error) {
    fail(2, error instanceof Error ? error.message : String(error), "netd --help");
    return;
  }
  if (command.kind === "help") {
    process.stdout.write(USAGE);
    return;
  }
  if (command.kind === "version") {
    process.stdout.write(`netd ${NETD_VERSION}\n`);
    return;
  }
  if (process.geteuid?.() !== 0) {
    fail(1, "Cannot run netd: not root, root wanted", "sudo netd");
    return;
  }
  const { options } = command;
  const logger = createLogger("netd", { level: options.logLevel });
  try {
    if (options.isTeardown) {
      const failures = await teardown(options, logger);
      for (const failure of failures) fail(1, failure.message);
      return;
    }
    const daemon = await Daemon.start(options, logger);
    const server = createServer(daemon);
    await listenOnSocket(server, options);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        void server.close().then(() => {
          daemon.stop();
          process.exit(0);
        });
      });
    }
    process.stdout.write(`netd ${NETD_VERSION} listens on ${options.socket}\n`);
  } catch (error) {
    const { message, remedy } = formatError(error);
    logger.debug({ err: error }, "cannot start");
    fail(1, message, remedy);
    process.exit();
  }
}

/** Say why it ends, and what to try. */
function fail(exitCode: number, message: string, remedy?: string): void {
  process.stderr.write(`netd: ${message}\n${remedy === undefined ? "" : `  try: ${remedy}\n`}`);
  process.exitCode = exitCode;
}

void main();
