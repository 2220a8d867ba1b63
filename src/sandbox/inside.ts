/**
 * The half of a sandbox inside its namespaces: the first process there.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiClient } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import { applySteps, Cgroups, leadProcessGroup, takeTerminal } from "../kernel/index.ts";
import { formatMounts, RUN_DIR, SANDBOX_DIR, STATE_DIR } from "./mounts.ts";
import type { SandboxOptions } from "./options.ts";
import { OrphanReaper } from "./orphans.ts";
import { INTERNET, planTopology } from "./topology.ts";

/** What the half outside found out. */
export interface InsideOptions extends SandboxOptions {
  /** The sandbox's cgroup below the root of each hierarchy. */
  cgroup: string;
  /** The terminal, if any, is the sandbox's to take. */
  hasForeground: boolean;
}

/** How long netd may take until it answers, and how often it is asked, in milliseconds. */
const NETD_START_LIMIT_MS = 20_000;
const NETD_POLL_MS = 5;

const WELCOME = `
This is a private host. Nothing that you do here touches the real one; it ends when you leave.

  netctl run --rm busybox ping -c 3 www.example.net     a container that reaches the (pretend) internet
  netctl run -d --name web busybox httpd -f             one that stays
  netctl ls                                             who has which address
  netctl inspect --show web                             what was done to Linux for it

`;

/** Build the sandbox, run its command, take it down; resolves to the command's exit code. */
export async function runInside(options: InsideOptions, program: string): Promise<number> {
  if (options.hasForeground) {
    leadProcessGroup();
    takeTerminal();
  }
  process.on("SIGINT", () => {});
  process.on("SIGQUIT", () => {});
  const reaper = new OrphanReaper();
  const hasIpv6 = existsSync("/proc/net/if_inet6");

  mountPrivately(options.cgroup, dirname(program));
  applySteps(planTopology({ hasIpv6 }));
  await startInternet(program, hasIpv6, reaper);
  const env = sandboxEnvironment();
  const netd = options.hasNetd ? await startNetd(options.netdArguments, env, reaper) : undefined;
  const exitCode = await runCommand(options.command, env, reaper);
  if (netd !== undefined) spawnSync("netd", ["--teardown"], { env, stdio: ["ignore", "ignore", "inherit"] });
  return exitCode;
}

function mountPrivately(cgroup: string, programDirectory: string): void {
  applySteps([{ op: "cgroup.create", path: cgroup, hierarchies: "all" }]);
  const { v1, unified } = new Cgroups().layout;
  const cgroupRoots = [...new Set([...Object.values(v1), ...(unified === undefined ? [] : [unified])])];
  const commands = formatMounts({ cgroupRoots, cgroup, programDirectory });
  const { status, stderr } = spawnSync("sh", ["-ec", commands.join("\n")], { encoding: "utf8" });
  if (status !== 0) throw new NetdError("INTERNAL", `Cannot mount the sandbox's file systems: ${stderr.trim()}`);
}

async function startInternet(program: string, hasIpv6: boolean, reaper: OrphanReaper): Promise<void> {
  const argv = [`--net=/run/netns/${INTERNET.netns}`, process.execPath, program, "internet", hasIpv6 ? "4,6" : "4"];
  const server = reaper.keep(spawn("nsenter", argv, { detached: true, stdio: ["ignore", "pipe", "inherit"] }));
  const ready = once(server.stdout, "data").then(() => true);
  const ended = once(server, "exit").then(() => false);
  if (!(await Promise.race([ready, ended]))) {
    throw new NetdError("INTERNAL", "Cannot start the sandbox's internet: its server ended at once");
  }
  server.stdout.destroy();
}

/** netd's defaults, whatever the caller's own environment says of a netd of the host. */
function sandboxEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NETD_SANDBOX: "1",
    NETD_RUN_DIR: RUN_DIR,
    NETD_STATE_DIR: STATE_DIR,
    NETD_SOCKET: `${RUN_DIR}/netd.sock`,
    PATH: `${SANDBOX_DIR}/bin:${process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}`,
  };
}

/** Start netd in a session of its own, so that Ctrl-C does not reach it, and wait until it answers. */
async function startNetd(netdArguments: string[], env: NodeJS.ProcessEnv, reaper: OrphanReaper): Promise<ChildProcess> {
  const log = `${SANDBOX_DIR}/netd.log`;
  const output = openSync(log, "a");
  const netd = reaper.keep(spawn("netd", netdArguments, { env, detached: true, stdio: ["ignore", output, output] }));
  const client = new ApiClient(`${RUN_DIR}/netd.sock`);
  const deadline = performance.now() + NETD_START_LIMIT_MS;
  while (netd.exitCode === null && netd.signalCode === null && performance.now() < deadline) {
    try {
      await client.info();
      return netd;
    } catch {
      await delay(NETD_POLL_MS);
    }
  }
  const state = netd.exitCode ?? netd.signalCode ?? "no answer yet";
  const text = readFileSync(log, "utf8").trim();
  throw new NetdError("DAEMON_NOT_RUNNING", `Cannot start netd in the sandbox (${state}):\n${text}`, {
    remedy: "netctl sandbox --no-netd, and start netd there by hand",
  });
}

async function runCommand(command: string[], env: NodeJS.ProcessEnv, reaper: OrphanReaper): Promise<number> {
  if (command.length === 0) process.stdout.write(WELCOME);
  const [program = env.SHELL || "/bin/sh", ...argv] = command;
  const child = reaper.keep(spawn(program, argv, { env, stdio: "inherit" }));
  // Nobody outside could wake a stopped command up again.
  process.on("SIGTSTP", () => child.kill("SIGCONT"));
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal!]; // one of the two is set
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const state = isMissing ? "there is no such command" : "it is not executable";
    process.stderr.write(`netctl: Cannot run '${program}' in the sandbox: ${state}\n`);
    return isMissing ? 127 : 126;
  }
}
