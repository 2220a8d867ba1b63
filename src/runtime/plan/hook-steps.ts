/**
 * Where a container's hooks are run, as steps. Pure.
 *
 * Source: runtime-spec config.md "POSIX-platform Hooks"; runtime.md "Lifecycle".
 *
 * @module
 */
import type { HookProgram, ProcessStep } from "../../kernel/process/index.ts";
import type { OciHook } from "../oci/config.ts";
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

/** Plan the wait for the start, when only hooks and the exec are left to do. */
export function planWait({ config: { process }, wait }: OneShotParams): ProcessStep[] {
  const { args, env } = process;
  return wait === undefined
    ? []
    : [
        { op: "program.find", name: args[0] ?? "", env },
        { op: "start.wait", ...wait },
      ];
}

/** Plan the hooks of the container's own files. */
export function planHooksInside({ config: { hooks = {}, process }, hookState }: OneShotParams): ProcessStep[] {
  return planRun("startContainer", hooks.startContainer ?? [], { ...hookState, status: "created" }, process.env);
}

function planRun(kind: string, hooks: OciHook[], state: Record<string, unknown>, env: string[]): ProcessStep[] {
  if (hooks.length === 0) return [];
  return [{ op: "hooks.run", kind, hooks: hooks.map((hook) => completeHook(hook, env)), state }];
}

/** Fill in what a hook leaves to its runtime. */
export function completeHook({ path, args = [path], env, timeout }: OciHook, inherited: string[]): HookProgram {
  return { path, args, env: env ?? inherited, ...(timeout === undefined ? {} : { timeout }) };
}
