/** `netctl sandbox`: a private host with a pretend internet. @module */
import { constants } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { addExamples, collect } from "../command-options.ts";
import type { NetctlContext } from "../context.ts";

interface SandboxOptions {
  subnet?: string;
  netdArg?: string[];
  /** False with `--no-netd`. */
  netd: boolean;
  json?: boolean;
  show?: boolean;
}

/** Define `sandbox`. */
export function defineSandbox(command: Command, context: NetctlContext): void {
  command
    .argument("[command...]")
    .passThroughOptions()
    .option("--subnet <cidr>", "subnet of the default network")
    .option("--netd-arg <argument>", "hand an argument to netd: --netd-arg=--gateway=172.16.0.100", collect)
    .option("--no-netd", "do not start netd")
    .option("--json", "with --show: print one JSON document")
    .option("--show", "print the commands that do the same by hand, and do nothing");
  addExamples(
    command,
    "netctl sandbox                                             a shell in it",
    "netctl sandbox -- netctl run --rm busybox ping -c 3 www.example.net",
  );
  command.action(async (argv: string[], options: SandboxOptions) => {
    context.exitCode = await runSandbox(join(context.programDirectory, "netd-sandbox.cjs"), toArguments(argv, options));
  });
}

function toArguments(argv: string[], options: SandboxOptions): string[] {
  const netdArguments = [
    ...(options.subnet === undefined ? [] : [`--subnet=${options.subnet}`]),
    ...(options.netdArg ?? []),
  ];
  return [
    ...netdArguments.map((argument) => `--netd-arg=${argument}`),
    ...(options.netd ? [] : ["--no-netd"]),
    ...(options.show ? ["--show"] : []),
    ...(options.json ? ["--json"] : []),
    "--",
    ...argv,
  ];
}

/** Run netd-sandbox in our place: same terminal, its exit code is ours, and it dies with us whatever kills us. */
async function runSandbox(program: string, argv: string[]): Promise<number> {
  const { spawn } = await import("node:child_process");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, program, ...argv], { stdio: "inherit" });
  // The keyboard's signals reach the whole process group; who runs in the sandbox decides what they mean.
  process.on("SIGINT", () => {});
  process.on("SIGQUIT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!])); // one of the two is set
  });
}
