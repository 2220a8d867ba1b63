/** `netctl info`. @module */
import type { Command } from "commander";
import type { DaemonInfo } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { quoteShell } from "../shell.ts";

/** Define `info`. */
export function defineInfo(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl info", "netctl info --json");
  command.action(async (options: CommonOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      return printCommands(
        [`curl --unix-socket ${quoteShell(client.socketPath)} http://netd/v1/info`],
        options,
        context,
      );
    }
    const info = await client.info();
    if (options.json) return printJson(info, context);
    const width = Math.max(...facts(info).map(([name]) => name.length));
    context.stdout.write(
      facts(info)
        .map(([name, value]) => `${name.padEnd(width)}   ${value}\n`)
        .join(""),
    );
  });
}

function facts(info: DaemonInfo): [name: string, value: string][] {
  const { runtime, dns, containers } = info;
  const process = (pid: number | undefined): string => (pid === undefined ? "does not run" : `pid ${pid}`);
  return [
    ["netd", `${info.version}, pid ${info.pid}, instance ${info.instance}`],
    [
      "netd-runtime",
      `${process(runtime.pid)}, ${runtime.forks} forks, ${runtime.secondForks} second forks, ${runtime.slowStarts} slow starts`,
    ],
    ["netd-dns", process(dns.pid)],
    ["containers", `${containers.running} running, ${containers.total} in all`],
    ["run directory", info.runDir],
    ["state directory", info.stateDir],
  ];
}
