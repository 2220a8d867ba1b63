/** `netctl net` with its parts. @module */
import type { Command } from "commander";
import type { NetctlContext } from "../context.ts";
import { defineNetConnect, defineNetDisconnect } from "./net-connect.ts";
import { defineNetCreate } from "./net-create.ts";
import { defineNetInspect, defineNetList } from "./net-ls.ts";
import { defineNetPrune, defineNetRemove } from "./net-rm.ts";
import { defineNetSet } from "./net-set.ts";

/** Define `net`. */
export function defineNet(command: Command, context: NetctlContext): void {
  const define = (name: string, summary: string, fill: (command: Command, context: NetctlContext) => void): void =>
    fill(command.command(name).description(summary), context);
  define("create", "create a network", defineNetCreate);
  define("ls", "list networks", defineNetList);
  define("inspect", "tell all about networks", defineNetInspect);
  define("set", "change a network while its containers run", defineNetSet);
  define("rm", "remove networks", defineNetRemove);
  define("prune", "remove the networks that no container has", defineNetPrune);
  define("connect", "connect a container to one more network", defineNetConnect);
  define("disconnect", "take a container out of a network", defineNetDisconnect);
}
