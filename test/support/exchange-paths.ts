import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

/** Exchange two names all the time, until disposed. */
export async function exchangePaths(one: string, other: string): Promise<AsyncDisposable> {
  const script = resolve(import.meta.dirname, "exchange-paths.py");
  const child = spawn("/usr/bin/python3", [script, one, other], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
