/**
 * The processes of a container.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TopInfo } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { listProcessTable, PROCESS_TITLES } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { containerCgroup } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { checkStarted } from "./check-running.ts";

const run = promisify(execFile);

/** ps(1) answers at once; a stuck /proc must not stop us. */
const PS_LIMIT_MS = 10_000;

/**
 * List the processes of a container, with options of ps(1) as ps prints them.
 *
 * @throws {NetdError} CONTAINER_NOT_RUNNING, API_REQUEST_INVALID when ps does not take the options
 */
export async function listProcesses(
  context: DaemonContext,
  container: Container,
  psOptions: readonly string[],
): Promise<TopInfo> {
  checkStarted(container, "list the processes of");
  const pids = context.session.cgroups.pids(containerCgroup(context, container.row));
  if (psOptions.length === 0) {
    return { titles: PROCESS_TITLES, processes: listProcessTable(pids, context.now().getTime()) };
  }
  return selectRows(await runPs(psOptions), pids);
}

async function runPs(options: readonly string[]): Promise<string> {
  try {
    return (await run("ps", [...options], { timeout: PS_LIMIT_MS, encoding: "utf8" })).stdout;
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    const why = stderr.trim().split("\n")[0] || message;
    throw new NetdError("API_REQUEST_INVALID", `Cannot run ps ${options.join(" ")}: ${why}, options of ps(1) wanted`, {
      remedy: "Leave the options out, or see 'man ps'",
      cause: error,
    });
  }
}

/** The rows of ps that are about certain processes. @throws {NetdError} API_REQUEST_INVALID when no column tells the pid */
export function selectRows(text: string, pids: readonly number[]): TopInfo {
  const [heading = "", ...lines] = text.split("\n");
  const titles = heading.trim().split(/\s+/);
  const pidColumn = titles.indexOf("PID");
  if (pidColumn < 0) {
    throw new NetdError("API_REQUEST_INVALID", "Cannot tell whose processes ps lists: no column PID, one wanted", {
      remedy: "Add pid to the columns: -o pid,…",
    });
  }
  const wanted = new Set(pids.map(String));
  const rows = lines.map((line) => {
    const words = line.trim().split(/\s+/);
    // The last column may hold blanks.
    return [...words.slice(0, titles.length - 1), words.slice(titles.length - 1).join(" ")];
  });
  return { titles, processes: rows.filter((row) => wanted.has(row[pidColumn] ?? "")) };
}
