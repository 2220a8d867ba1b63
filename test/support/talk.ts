/**
 * Servers and clients in network namespaces of a sandbox.
 *
 * @module
 */
import { resolve } from "node:path";
import type { LiveProgram } from "./live-program.ts";
import type { TestSandbox } from "./sandbox.ts";

const SCRIPT = resolve(import.meta.dirname, "talk.py");

/** A network namespace by its name, or the host itself without one. */
export type Place = string | undefined;

/** Answer `NAME was asked by ADDRESS` on ports such as `tcp/80`, over IPv4 and IPv6; resolves when all listen. */
export async function serve(
  sandbox: TestSandbox,
  place: Place,
  { name, ports }: { name: string; ports: readonly string[] },
): Promise<LiveProgram> {
  const program = sandbox.start(...talk(place, "serve", name, ...ports));
  await program.see(/listening/);
  return program;
}

/** Ask servers such as `tcp/198.51.100.2/80` all at once: what each answered, or `refused`, or `silence`. */
export async function ask(sandbox: TestSandbox, place: Place, ...servers: string[]): Promise<string[]> {
  const [program = "", ...argv] = talk(place, "ask", ...servers);
  const { stdout, stderr } = await sandbox.run(program, ...argv);
  const answers = stdout.trimEnd().split("\n");
  if (answers.length !== servers.length) throw new Error(`asked ${servers.join(" ")}, got ${stdout}${stderr}`);
  return answers;
}

/** Send datagrams each 100 ms by one socket; see talk.py for what it takes on its standard input. */
export function flow(sandbox: TestSandbox, place: Place, address: string, port: number): LiveProgram {
  return sandbox.start(...talk(place, "flow", address, String(port)));
}

function talk(place: Place, ...argv: string[]): string[] {
  const enter = place === undefined ? [] : ["nsenter", `--net=/run/netns/${place}`];
  return [...enter, "/usr/bin/python3", SCRIPT, ...argv];
}
