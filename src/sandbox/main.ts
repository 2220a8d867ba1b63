/**
 * The command `netd-sandbox`, which `netctl sandbox` runs: outside, then inside its namespaces, then as the internet's servers.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { formatError, NetdError } from "../errors.ts";
import { type InsideOptions, runInside } from "./inside.ts";
import { serveInternet } from "./internet.ts";
import { parseSandboxOptions } from "./options.ts";
import { runOutside } from "./outside.ts";
import { formatSandbox } from "./show.ts";

async function main(argv: string[]): Promise<void> {
  const program = realpathSync(process.argv[1] ?? "");
  const [role, argument = ""] = argv;
  if (role === "internet") {
    await serveInternet({ hasIpv6: argument.includes("6") });
    process.stdout.write("ready\n");
    return;
  }
  if (role === "inside") process.exit(await runInside(JSON.parse(argument) as InsideOptions, program));
  const options = parseSandboxOptions(argv);
  if (options.isShow) {
    const commands = formatSandbox(options, dirname(program));
    process.stdout.write(
      options.isJson ? `${JSON.stringify({ commands }, undefined, 2)}\n` : `${commands.join("\n")}\n`,
    );
    return;
  }
  if (process.geteuid?.() !== 0) {
    throw new NetdError("NOT_ROOT", "Cannot make a sandbox: not root, root wanted", { remedy: "sudo netctl sandbox" });
  }
  process.exit(await runOutside(options, program));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const { message, remedy } = formatError(error);
  process.stderr.write(`netctl: ${message}\n${remedy === undefined ? "" : `  try: ${remedy}\n`}`);
  process.exit(1);
});
