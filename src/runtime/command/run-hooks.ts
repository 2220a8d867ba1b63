/**
 * Hooks that run where we are: in the runtime's own namespaces.
 *
 * Source: runtime-spec config.md, "POSIX-platform Hooks".
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { OciHook, OciHookKind, OciState } from "../oci/config.ts";

/** What a hook said that is worth repeating, in characters. */
const OUTPUT_MAX = 2048;

/** Run hooks one after the other; the first that fails ends it. @throws {NetdError} HOOK_FAILED */
export async function runHooks(
  kind: OciHookKind,
  hooks: readonly OciHook[] | undefined,
  state: OciState,
): Promise<void> {
  for (const hook of hooks ?? []) await runHook(kind, hook, JSON.stringify(state));
}

/** Run hooks one after the other, all of them, whatever becomes of them; failures are told only. */
export async function tryHooks(
  kind: OciHookKind,
  hooks: readonly OciHook[] | undefined,
  options: { state: OciState; warn: (message: string) => void },
): Promise<void> {
  for (const hook of hooks ?? []) {
    try {
      await runHook(kind, hook, JSON.stringify(options.state));
    } catch (error) {
      options.warn(error instanceof Error ? error.message : String(error));
    }
  }
}

async function runHook(
  kind: OciHookKind,
  { path, args = [path], env, timeout }: OciHook,
  state: string,
): Promise<void> {
  const { spawn } = await import("node:child_process");
  const environment = env === undefined ? process.env : Object.fromEntries(env.map(splitVariable));
  await new Promise<void>((resolve, reject) => {
    const fail = (what: string): void => reject(hookFailed(kind, path, what));
    const child = spawn(path, args.slice(1), {
      argv0: args[0] ?? path,
      env: environment,
      stdio: ["pipe", "pipe", "pipe"],
      ...(timeout === undefined ? {} : { timeout: timeout * 1000, killSignal: "SIGKILL" }),
    });
    let output = "";
    const collect = (bytes: Buffer): void => {
      if (output.length < OUTPUT_MAX) output += bytes.toString("utf8", 0, OUTPUT_MAX);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => fail(error.message));
    // Those that the hook left behind may keep its streams open: its own end counts.
    child.on("exit", (code, signal) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else if (signal === "SIGKILL" && child.killed) fail(`it ran longer than ${timeout} s and was killed`);
      else
        fail(
          `it ended with ${code ?? signal}${output.trim() === "" ? "" : ` and said ${JSON.stringify(output.trim())}`}`,
        );
    });
    // It need not read it.
    child.stdin.on("error", () => {});
    child.stdin.end(state);
  });
}

function splitVariable(variable: string): [name: string, value: string] {
  const cut = variable.indexOf("=");
  return cut < 0 ? [variable, ""] : [variable.slice(0, cut), variable.slice(cut + 1)];
}

function hookFailed(kind: OciHookKind, path: string, state: string): NetdError {
  return new NetdError("HOOK_FAILED", `Cannot run the ${kind} hook ${path}: ${state}`, {
    remedy: "Run the hook by hand with the container's state on its standard input, or take it out of config.json",
  });
}
