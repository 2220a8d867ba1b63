/**
 * Waiting for what becomes of a container.
 *
 * @module
 */
import type { WaitCondition } from "../../api/index.ts";
import type { Container } from "../container.ts";

/** Wait until a container does not run: at once when it does not and is not about to; else for its next end. */
export async function waitForExit(container: Container): Promise<number> {
  const { state, exitCode } = container.row;
  if (state !== "running" && state !== "restarting") return exitCode ?? 0;
  return await once(container.onExit);
}

/** Wait until a container has ended and its restart policy does not start it again. */
export async function waitForLastExit(container: Container): Promise<void> {
  while (container.row.state === "running" || container.row.state === "restarting") await once(container.onExit);
}

/** Wait as docker's `--condition` says, and return the exit code of the last run. */
export async function waitForCondition(container: Container, condition: WaitCondition): Promise<number> {
  if (condition === "not-running") return await waitForExit(container);
  return await once(condition === "next-exit" ? container.onExit : container.onRemove);
}

async function once(listeners: Set<(exitCode: number) => void>): Promise<number> {
  return await new Promise((resolve) => {
    const settle = (exitCode: number): void => {
      listeners.delete(settle);
      resolve(exitCode);
    };
    listeners.add(settle);
  });
}
