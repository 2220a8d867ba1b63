import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

/** What an agent got with its listener: the specification's container process state. */
export interface ContainerProcessState {
  ociVersion: string;
  fds: string[];
  pid: number;
  metadata: string;
  state: { ociVersion: string; id: string; status: string; pid: number; bundle: string };
}

/** A process that answers notifications of a seccomp filter with ETXTBSY. */
export interface SeccompAgent extends AsyncDisposable {
  /** Resolves when it has answered all. */
  report(): Promise<{ document: ContainerProcessState; calls: number[] }>;
}

/** Start an agent that listens on `path` for one listener and answers `count` notifications. */
export async function startSeccompAgent(path: string, count: number): Promise<SeccompAgent> {
  const script = resolve(import.meta.dirname, "seccomp-agent.py");
  const agent = spawn("/usr/bin/python3", [script, path, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(agent, "exit");
  const lines: string[] = [];
  const reader = createInterface({ input: agent.stdout });
  const closed = once(reader, "close");
  await new Promise<void>((ready) => {
    reader.on("line", (line) => {
      if (line === "ready") ready();
      else lines.push(line);
    });
    reader.on("close", ready);
  });
  return {
    async report() {
      await closed;
      const [document = "null", ...calls] = lines;
      return { document: JSON.parse(document) as ContainerProcessState, calls: calls.map(Number) };
    },
    async [Symbol.asyncDispose]() {
      agent.kill("SIGKILL");
      await ended;
    },
  };
}
