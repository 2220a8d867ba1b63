import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LiveProgram } from "../support/live-program.ts";
import { OneShotHost } from "../support/one-shot-host.ts";

const RECEIVER = resolve(import.meta.dirname, "../support/console-receiver.py");

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function terminalBundle(...args: string[]): string {
  return host.bundle(args, (config) => {
    config.process.terminal = true;
  });
}

test("create sends the master of the terminal to the console socket", async () => {
  const socket = `${host.directory}/console.sock`;
  await using receiver = LiveProgram.start(host.enter("python3", RECEIVER, socket), { env: process.env });
  await receiver.see(/ready/);
  const bundle = terminalBundle("sh", "-c", "read -r line; echo got $line on $(tty)");
  const create = host.command("create", "--bundle", bundle, "--console-socket", socket, "t");
  // The caller's pipe is nobody's once the command has ended, though the container waits: containerd reads it to its end.
  const { stdout } = host.run(["sh", "-c", 'echo "end$("$@" 2>&1)"', "sh", ...create.slice(host.enter().length)]);
  expect(stdout).toBe("end\n");
  await receiver.see(/name True/);
  host.must("start", "t");
  await receiver.see(/got typed on \/dev\/(pts\/0|console)/);
  await host.until("t", "stopped");
  host.must("delete", "t");
});

test("run shows the terminal in its own: raw keys, sizes, exit code, and puts the settings back", async () => {
  const bundle = terminalBundle("sh");
  const env = { ...process.env, PS1: "" };
  // A shell around it, which still has the terminal afterwards.
  const command = host.command("run", "--bundle", bundle, "t").map((word) => `'${word}'`);
  const script = `stty -g; ${command.join(" ")}; echo "code $?"; stty -g; read -r end`;
  await using shell = LiveProgram.start(["sh", "-c", script], { env, hasTerminal: true });
  const [before] = await shell.see(/[0-9a-f:]{30,}/);
  shell.type("tty; echo a''b\n");
  await shell.see(/\/dev\/(pts\/0|console)/);
  await shell.see(/ab/);
  shell.resize(31, 93);
  shell.type("sleep 0.1; stty size\n");
  await shell.see(/31 93/);
  shell.type("echo re''ady; cat\n");
  await shell.see(/ready/);
  // The terminal's echo, then the program's.
  shell.type("twice\n");
  await shell.see(/twice\r\ntwice/);
  shell.type("\u0003");
  await shell.see(/\^C/);
  shell.type("echo inter''rupted\n");
  await shell.see(/interrupted/);
  shell.type("exit 9\n");
  await shell.see(/code 9/);
  expect((await shell.see(/[0-9a-f:]{30,}/))[0]).toBe(before);
  shell.type("\n");
  await shell.exitCode();
});

test("exec -t gives a terminal of the container", async () => {
  host.must("run", "-d", "--bundle", host.bundle(["sleep", "100"]), "e");
  await using program = LiveProgram.start(host.command("exec", "-t", "e", "sh", "-c", "tty; exit 6"), {
    env: process.env,
    hasTerminal: true,
  });
  await program.see(/\/dev\/pts\/0/);
  expect(await program.exitCode()).toBe(6);
  host.must("delete", "-f", "e");
});

test("run passes signals on to the process", async () => {
  const bundle = host.bundle(["sh", "-c", "trap 'echo caught; exit 4' USR1; echo ready; while :; do sleep 0.05; done"]);
  await using program = LiveProgram.start(host.command("run", "--bundle", bundle, "s"), { env: process.env });
  await program.see(/ready/);
  const [{ pid } = { pid: 0 }] = JSON.parse(host.must("list", "-f", "json")) as { pid: number }[];
  const parent = host.run(["sh", "-c", `cut -d' ' -f4 /proc/${pid}/stat`]).stdout.trim();
  host.run(["kill", "-USR1", parent]);
  await program.see(/caught/);
  expect(await program.exitCode()).toBe(4);
});
