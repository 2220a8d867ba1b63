/** `netctl pause` and `netctl unpause`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { actOnTargets } from "../targets.ts";

/** Define `pause`. */
export function definePause(command: Command, context: NetctlContext): void {
  define(command, context, "pause");
  addExamples(command, "netctl pause web", "netctl pause --show web");
}

/** Define `unpause`. */
export function defineUnpause(command: Command, context: NetctlContext): void {
  define(command, context, "unpause");
  addExamples(command, "netctl unpause web");
}

function define(command: Command, context: NetctlContext, change: "pause" | "unpause"): void {
  addCommonOptions(command.argument("<container...>"));
  command.action((names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showPause(name, change)).commands,
      act: (name) => (change === "pause" ? client.pauseContainer(name) : client.unpauseContainer(name)),
    });
  });
}
