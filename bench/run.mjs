#!/usr/bin/env node
// npm run bench: netd side by side with the other ways to start a container, in a sandbox that leaves nothing behind.
//
//   node bench/run.mjs [--rounds N] [--only start,command,runtime,many,idle,network,publish,restart,ipam] [--commands DIR]
//
// Prints figures, ratios and what was wanted of them; asserts nothing.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    /** Which comparisons, of those in inside.mjs. */
    only: { type: "string", default: "start,command,runtime,many,idle,network,publish,restart,ipam" },
    /** Where the built commands are. */
    commands: { type: "string", default: join(HERE, "../dist") },
  },
});

if (process.geteuid() !== 0) {
  process.stderr.write("bench: Cannot make namespaces: not root, root wanted\n  try: sudo npm run bench\n");
  process.exit(1);
}

// On a real disk if /tmp is one: what makes a lease durable must cost what it costs.
const directory = mkdtempSync(join(tmpdir(), "netd-bench-"));
const cgroup = `netd-bench-${process.pid}`;
// It adds 20 ms and more to each start of Node, and has nothing to do with any of this.
delete process.env.NODE_EXTRA_CA_CERTS;
let exitCode = 1;
try {
  makeRootfs(join(directory, "rootfs"));
  const isDockerNeeded = /command|many/.test(options.only);
  const docker = isDockerNeeded ? await startDocker(join(directory, "docker")) : undefined;
  const inside = [join(HERE, "inside.mjs"), directory, options.rounds, options.only, docker?.socket ?? ""];
  const sandbox = [join(options.commands, "netctl.cjs"), "sandbox", "--no-netd", "--", process.execPath, ...inside];
  const [code] = await once(spawn(process.execPath, sandbox, { stdio: "inherit" }), "exit");
  exitCode = code ?? 1;
  docker?.process.stdin.end();
  if (docker !== undefined) await once(docker.process, "exit");
} finally {
  spawnSync("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/${cgroup}*`, "-exec", "rmdir", "{}", ";"]);
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = exitCode;

/** A root file system of nothing but busybox, for the contestants that take a directory or a tar. */
function makeRootfs(path) {
  for (const name of ["bin", "proc", "dev", "sys", "etc", "tmp"]) mkdirSync(join(path, name), { recursive: true });
  run("cp", ["/bin/busybox", join(path, "bin")]);
  run(join(path, "bin/busybox"), ["--install", "-s", join(path, "bin")]);
  // The links that it makes name the busybox that made them.
  run("sh", ["-c", `for link in "$1"/*; do [ ! -L "$link" ] || ln -sf busybox "$link"; done`, "sh", join(path, "bin")]);
}

/** A dockerd of our own with the image `busybox`; undefined when there is no docker. */
async function startDocker(dockerDirectory) {
  if (spawnSync("sh", ["-c", "command -v docker && command -v dockerd"]).status !== 0) return undefined;
  mkdirSync(dockerDirectory);
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = [...namespaces, "sh", join(HERE, "dockerd.sh"), dockerDirectory, `/${cgroup}`];
  const process = spawn("unshare", argv, { stdio: ["pipe", "pipe", "inherit"] });
  const isReady = await Promise.race([
    once(process.stdout, "data").then(() => true),
    once(process, "exit").then(() => false),
  ]);
  if (!isReady) return undefined;
  const socket = join(dockerDirectory, "docker.sock");
  const pack = `tar -C "$1" -c . | docker --host "unix://$2" import - busybox`;
  run("sh", ["-c", pack, "sh", join(directory, "rootfs"), socket]);
  return { process, socket };
}

function run(command, argv) {
  const { status, stderr } = spawnSync(command, argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${argv.join(" ")}: ${stderr}`);
}
