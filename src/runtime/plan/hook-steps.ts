/**
 * Where a container's hooks are run, as steps. Pure.
 *
 * Source: runtime-spec config.md "POSIX-platform Hooks"; runtime.md "Lifecycle".
 *
 * @module
 */
import type { HookProgram, ProcessStep } from "../../kernel/process/index.ts";
import type { OciHook, OciProcess } from "../oci/config.ts";
import type { OneShotParams } from "./one-shot-params.ts";

/** Plan what happens when the mounts are there and the root is still the host's: the parent's hooks, then those of the child. */
export function planHooksOutside({ config: { hooks = {}, linux }, hookState, hookEnv }: OneShotParams): ProcessStep[] {
  const { prestart = [], createRuntime = [], createContainer = [] } = hooks;
  // The parent moves links then, too.
  const isAwaited = prestart.length + createRuntime.length + Object.keys(linux.netDevices ?? {}).length > 0;
  return [
    ...(!isAwaited ? [] : [{ op: "hooks.await" } as const]),
    ...planRun("createContainer", createContainer, { ...hookState, status: "creating" }, hookEnv),
  ];
}

/** Plan what happens when only the exec is left to do: the wait for the start, then the hooks of the container's own files. */
export function planHooksInside({ config, hookState, wait }: OneShotParams): ProcessStep[] {
  return [
    ...(wait === undefined ? [] : planWait(config.process, wait)),
    ...planRun(
      "startContainer",
      config.hooks?.startContainer ?? [],
      { ...hookState, status: "created" },
      config.process.env,
    ),
  ];
}

function planWait({ args, env }: OciProcess, wait: NonNullable<OneShotParams["wait"]>): ProcessStep[] {
  return [
    { op: "program.find", name: args[0] ?? "", env },
    { op: "start.wait", ...wait },
  ];
}

function planRun(kind: string, hooks: OciHook[], state: Record<string, unknown>, env: string[]): ProcessStep[] {
  if (hooks.length === 0) return [];
  return [{ op: "hooks.run", kind, hooks: hooks.map((hook) => completeHook(hook, env)), state }];
}

/** Fill in what a hook leaves to its runtime. */
export function completeHook({ path, args = [path], env, timeout }: OciHook, inherited: string[]): HookProgram {
  return { path, args, env: env ?? inherited, ...(timeout === undefined ? {} : { timeout }) };
}
