/**
 * `--sig-proxy`, on unless it is switched off in docker's way: `--sig-proxy=false`.
 *
 * @module
 */
import { type Command, Option } from "commander";

/** What commander makes of it. */
export interface SigProxyOptions {
  "sigProxy=false"?: boolean;
}

/** Add `--sig-proxy`. A value that may be left out would take the container's name for itself. */
export function addSigProxy(command: Command): Command {
  return command
    .addOption(new Option("--sig-proxy=false", "keep the signals that netctl gets to itself"))
    .addOption(new Option("--sig-proxy=true").hideHelp())
    .addOption(new Option("--sig-proxy").hideHelp());
}

/** Whether signals go on to the container. */
export function isProxyingSignals(options: SigProxyOptions): boolean {
  return options["sigProxy=false"] !== true;
}
