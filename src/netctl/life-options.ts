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
import { UsageError } from "./usage-error.ts";

/** The options as commander parses them. */
export interface LifeOptions {
  restart?: RestartPolicy;
  stopSignal?: string;
  stopTimeout?: number;
  domainname?: string;
  entrypoint?: string;
  pull?: string;
  cidfile?: string;
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
    )
    .option("--entrypoint <command>", "run this; what follows the image are its arguments")
    .option("--domainname <name>", "its NIS domain name, also behind its host name in /etc/hosts")
    .option("--cidfile <file>", "write its id into a file that is not there yet")
    .option("--pull <when>", "never or missing: images are imported, not pulled", parsePull);
}

/** @throws {UsageError} on `always`: there is nothing to pull from */
function parsePull(when: string): string {
  if (when === "never" || when === "missing") return when;
  throw new UsageError(`Cannot pull '${when}': never or missing wanted`, "netctl image import NAME FILE");
}

/** The command that goes to netd: with `--entrypoint`, the image's own is out of it. */
export function toCommand(entrypoint: string | undefined, argv: string[]): string[] | undefined {
  const command = entrypoint ? [entrypoint, ...argv] : argv;
  return command.length === 0 ? undefined : command;
}

/** The part of a specification that the options make. */
export function toLifeSpec(options: LifeOptions): Partial<ContainerSpec> {
  const { restart, stopSignal, stopTimeout, domainname } = options;
  return {
    ...(restart === undefined || restart.policy === "no" ? {} : { restart }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(domainname === undefined ? {} : { domainname }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutSeconds: stopTimeout }),
  };
}
