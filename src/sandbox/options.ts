/**
 * The command line of `netd-sandbox`, which netctl makes.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What kind of sandbox is wanted. */
export interface SandboxOptions {
  /** What to run in it; empty: the user's shell. */
  command: string[];
  netdArguments: string[];
  hasNetd: boolean;
  /** Only print the commands. */
  isShow: boolean;
  isJson: boolean;
}

/** Parse the arguments. @throws {TypeError} on an unknown option. */
export function parseSandboxOptions(argv: string[]): SandboxOptions {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      "netd-arg": { type: "string", multiple: true, default: [] },
      "no-netd": { type: "boolean", default: false },
      show: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  return {
    command: positionals,
    netdArguments: values["netd-arg"],
    hasNetd: !values["no-netd"],
    isShow: values.show,
    isJson: values.json,
  };
}
