/**
 * A sandbox for tests: the built netd on a private host with a pretend internet, entered from outside.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { DaemonInfo } from "../../src/api/index.ts";
import { RUN_DIR, SANDBOX_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import { LiveProgram } from "./live-program.ts";

/** Where the built commands lie. */
export const DIST = resolve(import.meta.dirname, "../../dist");

/** Longest that one command may take, in milliseconds. */
const COMMAND_LIMIT_MS = 60_000;
const OUTPUT_MAX_BYTES = 64 * 2 ** 20;

/** What a command in the sandbox did. */
export interface SandboxResult {
  stdout: string;
  stderr: string;
  /** 128+N after signal N of the command; -1 when nsenter itself was ended. */
  exitCode: number;
}

/** What {@link TestSandbox.runWith} runs a command with. */
export interface SandboxRunOptions {
  /** Text or bytes on its standard input; otherwise it is empty. */
  input?: string | Buffer;
  env?: Record<string, string>;
}

export interface TestSandboxOptions {
  netdArgs?: string[];
  /** Do not start netd. */
  withoutNetd?: boolean;
  /** Environment of netd and its helpers, besides ours. */
  env?: Record<string, string>;
}

/** One sandbox, gone when disposed. */
export class TestSandbox implements AsyncDisposable {
  /** Pid, seen from outside, of the sandbox's first process. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #env: Record<string, string>;

  private constructor(child: ChildProcess, pid: number, env: Record<string, string>) {
    this.#child = child;
    this.#env = env;
    this.pid = pid;
  }

  /** Make a sandbox and wait until its netd answers. */
  static async create({ netdArgs = [], withoutNetd = false, env = {} }: TestSandboxOptions = {}): Promise<TestSandbox> {
    const options = [...netdArgs.map((argument) => `--netd-arg=${argument}`), ...(withoutNetd ? ["--no-netd"] : [])];
    const command = ["sh", "-c", "echo up; exec cat"];
    const child = spawn(process.execPath, [`${DIST}/netd-sandbox.cjs`, ...options, "--", ...command], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let complaints = "";
    child.stderr.on("data", (bytes: Buffer) => {
      complaints += bytes.toString();
    });
    const up = once(child.stdout, "data");
    const ended = once(child, "close").then(() => {
      throw new Error(`the sandbox ended before it was up: ${complaints}`);
    });
    await Promise.race([up, ended]);
    ended.catch(() => {});
    return new TestSandbox(child, firstProcessBelow(child.pid ?? 0), env);
  }

  /** Run a command inside. Does not throw when it fails. */
  run(command: string, ...argv: string[]): Promise<SandboxResult> {
    return this.runWith({}, command, ...argv);
  }

  /** Run a command inside with an input or environment of its own. */
  runWith(options: SandboxRunOptions, command: string, ...argv: string[]): Promise<SandboxResult> {
    return new Promise((done) => {
      const [program = "", ...rest] = [...this.enter(), command, ...argv];
      const env = { ...this.env(), ...options.env };
      const limits = { timeout: COMMAND_LIMIT_MS, maxBuffer: OUTPUT_MAX_BYTES };
      const child = execFile(program, rest, { env, ...limits }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        done({ stdout, stderr, exitCode });
      });
      child.stdin?.on("error", () => {});
      child.stdin?.end(options.input ?? "");
    });
  }

  /** Run lines of sh inside. */
  sh(script: string): Promise<SandboxResult> {
    return this.run("sh", "-c", script);
  }

  /** Start a command inside, to be talked to. */
  start(...command: string[]): LiveProgram {
    return LiveProgram.start(command, { env: this.env(), enter: this.enter() });
  }

  /** The same in a terminal of its own. */
  startInTerminal(...command: string[]): LiveProgram {
    return LiveProgram.start(command, { env: this.env(), enter: this.enter(), hasTerminal: true });
  }

  /** Run netctl inside. */
  netctl(...argv: string[]): Promise<SandboxResult> {
    return this.run("netctl", ...argv);
  }

  /** Run netctl inside and return what it printed. @throws when it fails. */
  async ok(...argv: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.netctl(...argv);
    if (exitCode !== 0) throw new Error(`netctl ${argv.join(" ")} exited ${exitCode}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Run netctl inside and parse the JSON document that it printed. @throws when it fails. */
  async json<T>(...argv: string[]): Promise<T> {
    return JSON.parse(await this.ok(...argv, "--json")) as T;
  }

  /** Send SIGKILL to one of netd's processes and wait until it is gone. */
  async kill(which: "netd" | "runtime" | "dns"): Promise<void> {
    const info = await this.json<DaemonInfo>("info");
    const pid = which === "netd" ? info.pid : info[which].pid;
    if (pid === undefined) throw new Error(`${which} does not run`);
    const { exitCode } = await this.run("sh", "-c", `kill -9 ${pid} && while [ -d /proc/${pid} ]; do sleep 0.01; done`);
    if (exitCode !== 0) throw new Error(`cannot kill ${which}, pid ${pid}`);
  }

  /** Start netd again after {@link kill}, and wait until it answers. */
  async startNetd(...argv: string[]): Promise<void> {
    const wait = "until netctl info > /dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.01; done";
    const { exitCode } = await this.run(
      "sh",
      "-c",
      `setsid netd "$@" < /dev/null >> ${SANDBOX_DIR}/netd.log 2>&1 & ${wait}`,
      "sh",
      ...argv,
    );
    if (exitCode !== 0)
      throw new Error(`netd does not start: ${(await this.run("cat", `${SANDBOX_DIR}/netd.log`)).stdout}`);
  }

  /** The words before a command that take it inside. */
  enter(): string[] {
    return ["nsenter", `--target=${this.pid}`, "--mount", "--net", "--pid", "--ipc", "--wd=/", "--"];
  }

  /** The environment of a command inside. */
  env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      ...this.#env,
      PATH: `${SANDBOX_DIR}/bin:${process.env.PATH}`,
      NETD_RUN_DIR: RUN_DIR,
      NETD_STATE_DIR: STATE_DIR,
      NETD_SOCKET: `${RUN_DIR}/netd.sock`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin?.end();
    await ended;
  }
}

/** Go down from netd-sandbox by way of unshare to the process that is 1 in its own pid namespace. */
function firstProcessBelow(pid: number): number {
  const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split("\t") ?? [];
  if (numbers.length > 1 && numbers.at(-1) === "1") return pid;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  for (const child of children) {
    const found = firstProcessBelow(Number(child));
    if (found !== 0) return found;
  }
  return 0;
}
