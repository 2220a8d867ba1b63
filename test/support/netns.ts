/**
 * Private network namespaces for tests, made and looked into with iproute2 and not with our own code.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

/** What {@link TestNetns.command} runs with. */
export interface TestCommandOptions {
  /** Text on its standard input. */
  input?: string;
  /** Put in front of PATH. */
  path?: string;
}

/** Run a command and return its stdout. Throws with its stderr when it fails; nothing runs longer than 20 s. */
export function runCommand(command: readonly [string, ...string[]], { input, path }: TestCommandOptions = {}): string {
  const [file, ...args] = command;
  return execFileSync(file, args, {
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["pipe", "pipe", "pipe"],
    ...(input === undefined ? {} : { input }),
    env: path === undefined ? process.env : { ...process.env, PATH: `${path}:${process.env["PATH"]}` },
  });
}

/** A name under /run/netns that nobody else uses. */
export function uniqueName(): string {
  return `netdtest-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/** A network namespace with a name, gone when disposed. */
export class TestNetns implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Make one; its `lo` is down. */
  static create(): TestNetns {
    const name = uniqueName();
    runCommand(["ip", "netns", "add", name]);
    return new TestNetns(name);
  }

  /** Take over the removal of a namespace that is made later, or not at all. */
  static reserve(name: string = uniqueName()): TestNetns {
    return new TestNetns(name);
  }

  /** Path that nsenter(1) takes. */
  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** Run a command inside and return its stdout. */
  run(...command: [string, ...string[]]): string {
    return this.command(command);
  }

  /** Run a command inside, with options, and return its stdout. */
  command(command: readonly [string, ...string[]], options: TestCommandOptions = {}): string {
    return runCommand(["nsenter", `--net=${this.path}`, "--", ...command], options);
  }

  /** Run a command inside that prints JSON. */
  json<T = Record<string, unknown>[]>(...command: [string, ...string[]]): T {
    const text = this.run(...command).trim();
    return JSON.parse(text === "" ? "[]" : text) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isPinned(this.name)) runCommand(["ip", "netns", "delete", this.name]);
  }
}

/** Whether `ip netns` lists a name. */
export function isPinned(name: string): boolean {
  return runCommand(["ip", "netns", "list"])
    .split("\n")
    .some((line) => line.split(" ")[0] === name);
}
