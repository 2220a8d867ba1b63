/**
 * The options of `run` and `create` that say how a container lives and ends, with docker's meaning.
 *
 * @module
 */
import type { Command } from "commander";
import type { ContainerSpec, RestartPolicy } from "../api/index.ts";
import { integerParser } from "./parse-number.ts";
import { parseRestart } from "./parse-restart.ts";
import { parseSignal } from "./parse-signal.ts";

/** The options as commander parses them. */
export interface LifeOptions {
  restart?: RestartPolicy;
  stopSignal?: string;
  stopTimeout?: number;
}

/** Add the options. */
export function addLifeOptions(command: Command): Command {
  return command
    .option("--restart <policy>", "start it again: always, unless-stopped, on-failure[:N] (default: no)", parseRestart)
    .option("--stop-signal <signal>", "signal that asks it to end (default: TERM)", parseSignal)
    .option(
      "--stop-timeout <seconds>",
      "how long it may take to end before it is killed; -1: for ever (default: 10)",
      integerParser("--stop-timeout", -1),
    );
}

/** The part of a specification that the options make. */
export function toLifeSpec(options: LifeOptions): Partial<ContainerSpec> {
  const { restart, stopSignal, stopTimeout } = options;
  return {
    ...(restart === undefined || restart.policy === "no" ? {} : { restart }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutSeconds: stopTimeout }),
  };
}
