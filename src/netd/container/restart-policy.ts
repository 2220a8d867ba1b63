/**
 * Whether and when a container that ended is started again. Pure; the meaning of the four policies is docker's
 * (docs.docker.com, "Start containers automatically").
 *
 * @module
 */
import type { RestartPolicy } from "../../api/index.ts";
import type { ContainerRow } from "../state-store.ts";

/** The first wait before a container is started again, in milliseconds; each further one is twice as long. */
export const FIRST_DELAY_MS = 100;
/** The longest wait, in milliseconds. */
export const LONGEST_DELAY_MS = 60_000;
/** Who ran this long, in milliseconds, begins with the first wait again. */
const STEADY_MS = 10_000;

/** What {@link decideRestart} must know about a container that just ended. */
export interface EndedRun {
  policy: RestartPolicy | undefined;
  exitCode: number;
  /** A user asked for this end. */
  isStoppedByUser: boolean;
  /** Restarts since a user started it. */
  restartCount: number;
  /** The wait before this run, in milliseconds; 0 when a user started it. */
  lastDelayMs: number;
  /** How long it ran, in milliseconds. */
  ranMs: number;
}

/** Decide how many milliseconds to wait before the container is started again; `undefined`: it stays as it is. */
export function decideRestart(run: EndedRun): number | undefined {
  if (run.isStoppedByUser || !mayRestart(run.policy, run.exitCode, run.restartCount)) return undefined;
  if (run.ranMs >= STEADY_MS || run.lastDelayMs === 0) return FIRST_DELAY_MS;
  return Math.min(run.lastDelayMs * 2, LONGEST_DELAY_MS);
}

/**
 * Whether a container that does not run is started together with netd: one that waits for its restart; one with `always`, even when a user
 * stopped it; with the other policies, one that no user stopped.
 */
export function startsWithDaemon(row: ContainerRow): boolean {
  if (row.state === "running" || row.startedAt === undefined) return false;
  if (row.state === "restarting" || row.spec.restart?.policy === "always") return true;
  return row.isStoppedByUser !== true && mayRestart(row.spec.restart, row.exitCode ?? 0, row.restartCount ?? 0);
}

function mayRestart(policy: RestartPolicy | undefined, exitCode: number, restartCount: number): boolean {
  switch (policy?.policy) {
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      return exitCode !== 0 && (!policy.maxRetries || restartCount < policy.maxRetries);
    default:
      return false;
  }
}
