/**
 * The daemon: puts the fork server, the supervisor and the socket together.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { NetdError } from "../errors.ts";
import { Cgroups } from "../kernel/index.ts";
import { isSealed } from "../kernel/proc/index.ts";
import { ForkServer, nameProcess, sealProgram, type TestFault } from "../kernel/process/index.ts";
import { RecordStore } from "./record-store.ts";
import { planRehearsal, startRehearsal } from "./rehearsal.ts";
import { RuntimeServer } from "./server.ts";
import { Supervisor } from "./supervisor.ts";

/** What {@link serve} needs. */
export interface ServeOptions {
  socket: string;
  runDir: string;
  version: string;
  /** Our own file, which a slow start runs again. */
  script: string;
}

/**
 * A forked child has one thread, so V8 must need no other, and no worker may hold a lock at the fork. Functions are compiled when loaded, and
 * stay so: else each child would compile what it walks again. A small young generation is less to copy in each fork.
 */
const NODE_FLAGS = [
  "--single-threaded",
  "--v8-pool-size=0",
  "--no-lazy",
  "--no-flush-bytecode",
  "--max-semi-space-size=1",
];

/** Serve until asked to shut down. Prints one line when the socket is ready. @throws {NetdError} DAEMON_ALREADY_RUNNING */
export async function serve({ socket, runDir, version, script }: ServeOptions): Promise<void> {
  if (!isSealed(process.env)) {
    const argv = ["netd-runtime", ...NODE_FLAGS, script, ...process.argv.slice(2)];
    sealProgram({ program: process.execPath, argv, env: process.env });
  }
  // Executed through a descriptor, it would bear that one's number.
  nameProcess("netd-runtime");
  if (await isServed(socket)) {
    throw new NetdError("DAEMON_ALREADY_RUNNING", `Cannot listen on "${socket}": another netd-runtime does`, {
      remedy: "Use another socket and run directory",
    });
  }
  rmSync(socket, { force: true });
  const fault = readFault();
  const cgroups = new Cgroups();
  const rehearsal = planRehearsal(runDir, cgroups);
  const forkServer = new ForkServer({
    rehearsal,
    walkCommand: ["/proc/self/exe", ...NODE_FLAGS, script, "walk"],
    ...(fault === undefined ? {} : { fault }),
  });
  let server: RuntimeServer | undefined;
  const supervisor = new Supervisor({
    forkServer,
    cgroups,
    records: new RecordStore(runDir),
    emit: (event) => server?.emit(event),
    warn,
  });
  supervisor.adopt();
  server = new RuntimeServer({ supervisor, forkServer, version, onShutdown: () => process.exit(0) });
  await server.listen(socket);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  process.stdout.write(`netd-runtime ${version} listens on ${socket}\n`);
  startRehearsal({ steps: rehearsal, warn, onEnd: () => forkServer.readySpare() });
}

function warn(message: string): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: "warn", message })}\n`);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Faults that tests force: `NETD_RUNTIME_TEST_CRASH_FORKS=2` makes the first two forks die before their exec. */
function readFault(): { kind: TestFault; count: number } | undefined {
  const { NETD_RUNTIME_TEST_CRASH_FORKS: crash, NETD_RUNTIME_TEST_SILENT_FORKS: silent } = process.env;
  if (crash !== undefined) return { kind: "crash", count: Number(crash) };
  return silent === undefined ? undefined : { kind: "silence", count: Number(silent) };
}
