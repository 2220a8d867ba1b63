/**
 * netd-runtime as engines call it, in namespaces of its own: nothing it starts outlives a test.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Cgroups } from "../../src/kernel/index.ts";
import { makeSpec, type StarterConfig } from "../../src/runtime/oci/spec.ts";
import { makeRootfs } from "./runtime-host.ts";

/** How one call ended. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a call gets besides its words. */
export interface CommandOptions {
  input?: string;
  env?: Record<string, string>;
  /** It is ended after so many milliseconds. */
  limitMs?: number;
}

/** A configuration as tests change it. */
export type TestConfig = StarterConfig & { linux: { cgroupsPath: string } };

const PROGRAM = resolve(import.meta.dirname, "../../dist/netd-runtime.cjs");
/** Nothing here takes longer, in milliseconds. */
const LIMIT_MS = 20_000;

/** A place with its own pid, mount and network namespaces. */
export class OneShotHost implements AsyncDisposable {
  readonly directory: string;
  readonly cgroupParent: string;
  readonly #holder: ChildProcess;
  readonly #init: number;
  #count = 0;

  private constructor(holder: ChildProcess, init: number) {
    this.#holder = holder;
    this.#init = init;
    this.directory = mkdtempSync(join(tmpdir(), "netd-one-shot-"));
    this.cgroupParent = `/netd-test-${process.pid}-${randomBytes(3).toString("hex")}`;
    makeRootfs(join(this.directory, "busybox"));
  }

  static async create(): Promise<OneShotHost> {
    const script = "mount -t tmpfs -o mode=755 tmpfs /run && echo ready && exec sleep infinity";
    const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const holder = spawn("unshare", [...namespaces, "sh", "-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    await once(createInterface({ input: holder.stdout! }), "line"); // a pipe
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8");
    return new OneShotHost(holder, Number(children.trim()));
  }

  /** State directories. */
  get root(): string {
    return join(this.directory, "root");
  }

  /** Words that run a command here. */
  enter(...command: string[]): string[] {
    return ["nsenter", `--target=${this.#init}`, "--net", "--mount", "--pid", "--", ...command];
  }

  /** Words that call netd-runtime here. */
  command(...args: string[]): string[] {
    return this.enter(PROGRAM, "--root", this.root, ...args);
  }

  /** Run a command here to its end. */
  run(command: readonly string[], { input = "", env = {}, limitMs = LIMIT_MS }: CommandOptions = {}): CommandResult {
    const [program = "", ...argv] = this.enter(...command);
    // Files, not pipes: those would be waited for as long as a container has them.
    const files = ["stdout", "stderr"].map((name) => join(this.directory, `${name}-${this.#count++}`));
    const [stdout, stderr] = files.map((path) => openSync(path, "w"));
    const { status } = spawnSync(program, argv, {
      input,
      env: { ...process.env, ...env },
      stdio: ["pipe", stdout, stderr],
      timeout: limitMs,
    });
    for (const fd of [stdout, stderr]) closeSync(fd!); // two files, two descriptors
    const [out = "", err = ""] = files.map((path) => readFileSync(path, "utf8"));
    return { code: status, stdout: out, stderr: err };
  }

  /** Call netd-runtime here, to its end. */
  call(args: readonly string[], options: CommandOptions = {}): CommandResult {
    return this.run([PROGRAM, "--root", this.root, ...args], options);
  }

  /** Call it and expect success; its standard output. */
  must(...args: string[]): string {
    const { code, stdout, stderr } = this.call(args);
    if (code !== 0) throw new Error(`netd-runtime ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Make a bundle that runs `args` in a root file system of busybox; returns its directory. */
  bundle(args: readonly string[], change: (config: TestConfig) => void = () => {}): string {
    const directory = join(this.directory, `bundle-${this.#count++}`);
    mkdirSync(directory);
    cpSync(join(this.directory, "busybox"), join(directory, "rootfs"), { recursive: true, verbatimSymlinks: true });
    const spec = makeSpec();
    const config: TestConfig = {
      ...spec,
      process: { ...spec.process, args: [...args], terminal: false, env: ["PATH=/bin"] },
      root: { path: "rootfs" },
      linux: { ...spec.linux, cgroupsPath: `${this.cgroupParent}/${this.#count}` },
    };
    change(config);
    writeFileSync(join(directory, "config.json"), JSON.stringify(config));
    return directory;
  }

  /** What `state` says. */
  state(id: string): Record<string, unknown> {
    return JSON.parse(this.must("state", id)) as Record<string, unknown>;
  }

  /** Wait until `state` says that a container is `status`. */
  async until(id: string, status: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MS;
    while (this.state(id).status !== status) {
      if (performance.now() > deadline) throw new Error(`${id} never was ${status}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, "exit");
    process.kill(this.#init, "SIGKILL");
    await ended;
    new Cgroups().remove(this.cgroupParent);
    rmSync(this.directory, { recursive: true });
  }
}
