/**
 * netd-runtime in namespaces of its own: nothing it starts outlives a test.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type CgroupLayout, Cgroups } from "../../src/kernel/index.ts";
import { RuntimeClient } from "../../src/runtime/index.ts";
import { type ContainerOptions, containerParams } from "./container-params.ts";
import { collectStream, type StreamResult } from "./stream-result.ts";

/** What a {@link RuntimeHost} is like. */
export interface RuntimeHostOptions {
  /** `v2`: version 2 alone on /sys/fs/cgroup, as on newer hosts. */
  cgroups?: "host" | "v2";
  /** Environment of the runtime besides ours. */
  env?: Record<string, string>;
  /** Program that runs the runtime; a copy of node. */
  node?: string;
  /** Whether the first process reaps orphans at once. */
  reaps?: boolean;
}

const PROJECT = resolve(import.meta.dirname, "../..");
/** What netd-runtime loads when it is needed. */
const PARTS = {
  forking: "src/runtime/forking.ts",
  serve: "src/runtime/serve.ts",
  links: "src/runtime/command/net-devices.ts",
  seal: "src/runtime/command/seal.ts",
};
/** Inside the project, where the bundle finds its native packages. */
const BUNDLE_DIRECTORY = join(PROJECT, "node_modules/.cache");
const APPLETS =
  "sh ls cat echo true false sleep mount id hostname ps kill seq head dd stty tty pwd env ln mkdir mknod touch printf od md5sum setsid ping trap test wc yes ipcs".split(
    " ",
  );

/** A place with its own pid, mount and network namespaces in which the runtime runs. */
export class RuntimeHost implements AsyncDisposable {
  readonly directory: string;
  readonly cgroupParent: string;
  readonly #holder: ChildProcess;
  readonly #init: number;
  readonly #options: RuntimeHostOptions;
  readonly #bundle: string;
  #runtime: ChildProcess | undefined;
  #client: RuntimeClient | undefined;
  #count = 0;

  private constructor(holder: ChildProcess, init: number, options: RuntimeHostOptions) {
    this.#holder = holder;
    this.#init = init;
    this.#options = options;
    this.directory = mkdtempSync(join(tmpdir(), "netd-runtime-test-"));
    this.cgroupParent = `/netd-test-${process.pid}-${randomBytes(3).toString("hex")}`;
    mkdirSync(BUNDLE_DIRECTORY, { recursive: true });
    this.#bundle = join(mkdtempSync(join(BUNDLE_DIRECTORY, "netd-runtime-")), "netd-runtime.cjs");
    bundle("src/runtime/main.ts", this.#bundle);
    for (const [part, entry] of Object.entries(PARTS)) bundle(entry, join(this.#bundle, `../netd-runtime-${part}.cjs`));
    makeRootfs(join(this.directory, "busybox"));
  }

  /** Make one with a running runtime. */
  static async create(options: RuntimeHostOptions = {}): Promise<RuntimeHost> {
    const first = options.reaps === true ? "while :; do sleep 0.02; done" : "exec sleep infinity";
    const setUp = options.cgroups === "v2" ? "mount -t cgroup2 cgroup2 /sys/fs/cgroup && " : "";
    const holder = spawn(
      "unshare",
      [
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        `${setUp}echo ready && ${first}`,
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    await once(createInterface({ input: holder.stdout! }), "line");
    const init = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim());
    const host = new RuntimeHost(holder, init, options);
    await host.startRuntime();
    return host;
  }

  /** Path of the runtime's socket. */
  get socket(): string {
    return join(this.directory, "runtime.sock");
  }

  /** A control connection that said hello. */
  get client(): RuntimeClient {
    return this.#client!; // startRuntime has connected
  }

  /** Start the runtime, again after {@link killRuntime}. */
  async startRuntime(): Promise<void> {
    const command = [
      this.#options.node ?? "node",
      this.#bundle,
      "serve",
      "--socket",
      this.socket,
      "--run-dir",
      this.directory,
    ];
    const runtime = spawn("nsenter", [...this.#enter(), ...command], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...this.#options.env },
    });
    this.#runtime = runtime;
    await once(createInterface({ input: runtime.stdout! }), "line");
    this.#client = await RuntimeClient.connect(this.socket);
    await this.#client.call("hello", {});
  }

  /** Kill the runtime as the kernel would, and wait until it is gone. */
  async killRuntime(): Promise<void> {
    const { pid } = await this.client.call("hello", {});
    const ended = once(this.#runtime!, "exit"); // startRuntime has set it
    this.run("kill", "-9", String(pid));
    await ended;
    this.#client?.close();
  }

  /** Run a command beside the runtime and return its stdout. */
  run(...command: string[]): string {
    return execFileSync("nsenter", [...this.#enter(), ...command], { encoding: "utf8", timeout: 20_000 });
  }

  /** Run netd-runtime beside the one that serves, to its end. */
  command(args: string[]): { code: number | null; stdout: string; stderr: string } {
    const command = [...this.#enter(), "node", this.#bundle, ...args];
    const { status, stdout, stderr } = spawnSync("nsenter", command, { encoding: "utf8", timeout: 20_000 });
    return { code: status, stdout, stderr };
  }

  /** Run lines of sh beside the runtime, in which `netd_runtime` is the command. */
  script(lines: string): { code: number | null; stdout: string; stderr: string } {
    const text = `netd_runtime() { node ${this.#bundle} "$@"; }\n${lines}`;
    const command = [...this.#enter(), "sh", "-c", text];
    const { status, stdout, stderr } = spawnSync("nsenter", command, { encoding: "utf8", timeout: 60_000 });
    return { code: status, stdout, stderr };
  }

  /** Parameters of a container with an image of busybox and its links, or of `image` in this directory. */
  params(args: string[], options: ContainerOptions = {}): ReturnType<typeof containerParams> {
    const containerId = randomBytes(32).toString("hex");
    const directory = join(this.directory, `container-${this.#count++}`);
    for (const name of ["upper", "work", "rootfs", "streams"]) mkdirSync(join(directory, name), { recursive: true });
    return containerParams(args, {
      ...options,
      containerId,
      directory,
      layers: options.layers ?? [join(this.directory, "busybox")],
      cgroupsPath: `${this.cgroupParent}/${containerId}`,
    });
  }

  /** Run a container to its end, as a client that is attached from the start. */
  async runContainer(
    args: string[],
    options: ContainerOptions & { input?: string | Buffer } = {},
  ): Promise<StreamResult> {
    const params = this.params(args, { ...options, stdin: options.input !== undefined });
    const stream = await this.client.openStream("start", params);
    const result = await collectStream(stream, options.input);
    await this.client.call("remove", { containerId: params.containerId });
    return result;
  }

  /** Start a process beside the runtime that keeps a descriptor of the process `pid`. */
  async keepDescriptor(pid: number, fd: number): Promise<{ pid: number; fd: number } & AsyncDisposable> {
    const program = join(this.#bundle, "../keep-descriptor.cjs");
    bundle("test/support/keep-descriptor.ts", program);
    const keeper = spawn("nsenter", [...this.#enter(), "node", program, String(pid), String(fd)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(keeper, "exit");
    const [line] = (await once(createInterface({ input: keeper.stdout! }), "line")) as [string];
    const [ownPid, ownFd] = line.split(" ").map(Number);
    return {
      pid: ownPid!, // it prints both
      fd: ownFd!,
      [Symbol.asyncDispose]: async () => {
        this.run("kill", "-9", String(ownPid));
        await ended;
      },
    };
  }

  /** Resolves with the exit code that the runtime reports of a container. */
  exited(containerId: string): Promise<number | null> {
    return new Promise((resolve) => {
      const stop = this.client.onEvent((event) => {
        if (event.event !== "exited" || event.params.containerId !== containerId) return;
        stop();
        resolve(event.params.exitCode);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    const ended = [
      once(this.#holder, "exit"),
      ...(this.#runtime?.exitCode === null && this.#runtime.signalCode === null ? [once(this.#runtime, "exit")] : []),
    ];
    process.kill(this.#init, "SIGKILL");
    await Promise.all(ended);
    const layout: CgroupLayout = { version: "v2", v1: {}, unified: "/sys/fs/cgroup/unified" };
    const isV2 = this.#options.cgroups === "v2" && existsSync(layout.unified!); // set above
    new Cgroups(isV2 ? layout : undefined).remove(this.cgroupParent);
    rmSync(join(this.#bundle, ".."), { recursive: true });
    rmSync(this.directory, { recursive: true });
  }

  #enter(): string[] {
    return [`--target=${this.#init}`, "--net", "--mount", "--pid", "--"];
  }
}

/** Make the root directory of an image with busybox and links to it. */
export function makeRootfs(directory: string): void {
  for (const name of ["bin", "dev", "etc", "proc", "sys", "tmp"]) mkdirSync(join(directory, name), { recursive: true });
  copyFileSync("/bin/busybox", join(directory, "bin/busybox"));
  for (const applet of APPLETS) {
    if (!existsSync(join(directory, "bin", applet))) symlinkSync("busybox", join(directory, "bin", applet));
  }
}

function bundle(entry: string, path: string): void {
  execFileSync(
    join(PROJECT, "node_modules/.bin/esbuild"),
    [
      entry,
      `--outfile=${path}`,
      "--bundle",
      "--platform=node",
      "--target=node20",
      "--format=cjs",
      "--minify-syntax",
      "--external:koffi",
      "--external:netlink",
      '--define:NETD_VERSION="0.0.0-test"',
      "--log-level=warning",
    ],
    { cwd: PROJECT, stdio: ["ignore", "ignore", "inherit"] },
  );
}
