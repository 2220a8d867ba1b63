/**
 * Cgroups of tests, and processes in them.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Cgroups } from "../../src/kernel/index.ts";

/** Mount point of version 2, wherever it is, also where {@link Cgroups} leaves it alone. */
export const UNIFIED = / (\S+) \S+ - cgroup2 /.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1];

/** The cgroups of this host, and version 2 alone where it is mounted besides. */
export const HIERARCHIES: [name: string, cgroups: Cgroups][] = [
  [`cgroup ${new Cgroups().layout.version}`, new Cgroups()],
  ...(UNIFIED === undefined || new Cgroups().layout.version === "v2"
    ? []
    : ([["cgroup v2", new Cgroups({ version: "v2", v1: {}, unified: UNIFIED })]] as [string, Cgroups][])),
];

/** A cgroup's path that goes away with what runs in it. */
export class TestCgroup implements AsyncDisposable {
  readonly path = `/netdtest-${process.pid}-${randomBytes(3).toString("hex")}`;
  readonly #cgroups: Cgroups;

  constructor(within = new Cgroups()) {
    this.#cgroups = within;
  }

  /** Start a command in it, ended by whatever ends it. */
  async start(...command: string[]): Promise<ChildProcess> {
    const [program = "sleep", ...rest] = command.length === 0 ? ["sleep", "60"] : command;
    // It waits for a line of ours, so that nothing of it happens outside.
    const child = spawn("sh", ["-c", 'read _; exec "$0" "$@"', program, ...rest], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(child, "spawn");
    this.#cgroups.add(this.path, child.pid ?? 0);
    child.stdin?.end("\n");
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cgroups.remove(this.path);
  }
}
