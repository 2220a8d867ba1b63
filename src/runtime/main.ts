/**
 * The command `netd-runtime`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { loadForking, loadServe } from "./command/load-forking.ts";
import { runCommandLine } from "./command/run-command.ts";

/** Set by the build. */
declare const NETD_VERSION: string;

const USAGE = `Usage: netd-runtime serve --socket PATH --run-dir DIR

Starts container processes for netd and watches them; netd starts it. Containers go on when it ends, and the next one finds them.

Options of serve:
  --socket PATH    unix socket to listen on
  --run-dir DIR    directory for its records, on a tmpfs; the same after a restart

  -h, --help       print this
  --version        print the version

Example:
  netd-runtime serve --socket /run/netd/runtime.sock --run-dir /run/netd
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

main(process.argv.slice(2));

function main(argv: string[]): void {
  const [command, ...rest] = argv;
  if (command === "serve") void runServe(rest);
  else if (command === "walk") runWalk(rest);
  else void runOnce(argv);
}

/** The command line of an OCI runtime. What else is open, such as a terminal's streams, does not keep us. */
async function runOnce(argv: string[]): Promise<void> {
  process.exit(await runCommandLine(argv, { version: NETD_VERSION, script: __filename }));
}

async function runServe(argv: string[]): Promise<void> {
  let values: { socket?: string; "run-dir"?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: argv,
      options: { socket: { type: "string" }, "run-dir": { type: "string" }, help: { type: "boolean", short: "h" } },
    }));
  } catch (error) {
    failUsage(error instanceof Error ? error.message : String(error));
    return;
  }
  const { socket, "run-dir": runDir, help } = values;
  if (help === true) {
    process.stdout.write(USAGE);
    return;
  }
  if (socket === undefined || runDir === undefined) {
    failUsage("--socket and --run-dir are needed");
    return;
  }
  await loadServe()
    .serve({ socket, runDir, version: NETD_VERSION, script: __filename })
    .catch((error: unknown) => {
      process.stderr.write(`netd-runtime: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = EXIT_FAILED;
    });
}

/** The slow start's own process; its three arguments are descriptors. */
function runWalk(argv: string[]): void {
  const [stepsFd, reportFd, ackFd] = argv.map(Number);
  if (stepsFd === undefined || reportFd === undefined || ackFd === undefined || argv.length !== 3) {
    failUsage("walk is for netd-runtime itself");
    return;
  }
  loadForking().walkMain(stepsFd, reportFd, ackFd);
}

function failUsage(reason: string): void {
  process.stderr.write(`netd-runtime: Cannot understand the command line: ${reason}\n  try: netd-runtime --help\n`);
  process.exitCode = EXIT_USAGE;
}
