/**
 * One check of a container's health: a command in it, for a limited time and with a limited output.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { HealthResult } from "../../api/index.ts";
import { NetdError, parseError } from "../../errors.ts";
import { identifyProcess, killProcessTree } from "../../kernel/index.ts";
import { type ExitPayload, type Frame, FrameParser } from "../../stream/index.ts";
import type { Container } from "../container.ts";
import { execProcess } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import type { HealthPlan } from "./health-check.ts";

/** Output of a check that is kept, in bytes. */
const OUTPUT_MAX_BYTES = 4096;

type ProbeResult = Pick<HealthResult, "exitCode" | "output">;

/**
 * Make a check. One that takes too long, or that `signal` ends, is killed with all its children. `undefined`: it was ended, or there was no
 * runtime to ask. Never rejects.
 */
export async function probeHealth(
  context: DaemonContext,
  container: Container,
  plan: HealthPlan,
  signal: AbortSignal,
): Promise<ProbeResult | undefined> {
  try {
    const runtime = await context.runtime.client();
    const { state, isPaused } = container.row;
    if (signal.aborted || state !== "running" || isPaused === true) return undefined;
    const mark = `NETD_HEALTHCHECK=${randomUUID()}`;
    const exec = execProcess(context, container, { command: plan.command, env: [mark] });
    const params = { containerId: container.row.id, ...exec, stdin: false, detach: false };
    const { result, socket, rest } = await runtime.openStream("exec", params);
    const started = identifyProcess(result.pid);
    const reader = new ProbeReader();
    return await new Promise<ProbeResult | undefined>((resolve) => {
      const finish = (answer: ProbeResult | undefined, isOver: boolean): void => {
        timer.cancel();
        signal.removeEventListener("abort", onAbort);
        if (!isOver && started !== undefined) killProcessTree(started, mark);
        socket.destroy();
        resolve(answer);
      };
      const onAbort = () => finish(undefined, false);
      const timer = context.clock.after(plan.timeoutMs, () => {
        const output = `${reader.output}Health check exceeded timeout (${plan.timeoutMs / 1000}s)`;
        finish({ exitCode: -1, output }, false);
      });
      const take = (bytes: Buffer): void => {
        const exitCode = reader.push(bytes);
        if (exitCode !== undefined) finish({ exitCode, output: reader.output }, true);
      };
      signal.addEventListener("abort", onAbort);
      socket.on("error", () => {});
      // The runtime is gone; what it was asked to run may go on for ever.
      socket.on("close", () => finish(undefined, false));
      socket.on("data", take);
      take(rest);
      socket.resume();
    });
  } catch (error) {
    return failedProbe(error);
  }
}

/** A command that can't be run is a failure of the container; a runtime that can't be reached is none. */
function failedProbe(error: unknown): ProbeResult | undefined {
  const code = error instanceof NetdError ? error.code : undefined;
  if (code === "RUNTIME_UNAVAILABLE" || code === "CONTAINER_NOT_RUNNING" || code === "CONTAINER_UNKNOWN")
    return undefined;
  return { exitCode: -1, output: (error instanceof Error ? error.message : String(error)).slice(0, OUTPUT_MAX_BYTES) };
}

/** Collects the first bytes of the output, and waits for the exit code. */
class ProbeReader {
  readonly #parser = new FrameParser();
  readonly #kept: Buffer[] = [];
  #room = OUTPUT_MAX_BYTES;

  get output(): string {
    return Buffer.concat(this.#kept).toString("utf8");
  }

  /** Take bytes; returns the exit code when it is among them. @throws {NetdError} what the runtime tells in an `error` frame */
  push(bytes: Buffer): number | undefined {
    for (const frame of this.#parser.push(bytes)) {
      const exitCode = this.#take(frame);
      if (exitCode !== undefined) return exitCode;
    }
    return undefined;
  }

  #take({ kind, payload }: Frame): number | undefined {
    if (kind === "exit") return (JSON.parse(payload.toString()) as ExitPayload).exitCode;
    if (kind === "error") {
      this.#keep(Buffer.from(parseError(JSON.parse(payload.toString())).message));
      return -1;
    }
    if (kind === "stdout" || kind === "stderr") this.#keep(payload);
    return undefined;
  }

  #keep(bytes: Buffer): void {
    if (this.#room === 0) return;
    const part = bytes.subarray(0, this.#room);
    this.#kept.push(Buffer.from(part));
    this.#room -= part.length;
  }
}
