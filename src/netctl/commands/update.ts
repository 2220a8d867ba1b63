/** `netctl update`. @module */
import type { Command } from "commander";
import type { RestartPolicy, UpdateSpec } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addTrafficOptions, type TrafficOptions, toTrafficChange } from "../join-options.ts";
import { addLimitOptions, type ChangeableLimitOptions, toLimitChange } from "../limit-options.ts";
import { parseRestart } from "../parse-restart.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

interface UpdateOptions extends CommonOptions, ChangeableLimitOptions, TrafficOptions {
  restart?: RestartPolicy;
}

/** Define `update`. */
export function defineUpdate(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("--restart <policy>", "no, always, unless-stopped or on-failure[:N]", parseRestart);
  addTrafficOptions(command);
  addLimitOptions(command);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl update --memory 128m --cpus 0.5 web",
    "netctl update --restart unless-stopped web",
    "netctl update --egress none --rate-out 10mbit web",
    "netctl update --restart no $(netctl ps -aq)",
  );
  command.action((names: string[], options: UpdateOptions) => {
    const { restart } = options;
    const change: UpdateSpec = {
      ...toLimitChange(options),
      ...toTrafficChange(options),
      ...(restart === undefined ? {} : { restart }),
    };
    if (Object.keys(change).length === 0) {
      throw new UsageError("Cannot update containers: nothing to change was given", "netctl update --memory 128m web");
    }
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showUpdate(name, change)).commands,
      act: (name) => client.updateContainer(name, change),
    });
  });
}
