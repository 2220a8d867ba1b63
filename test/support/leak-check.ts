/**
 * Setup file of the projects that touch the kernel: fails a test file that leaves something on the host.
 *
 * Links, nftables tables and mounts of the namespaces we run in, pinned network namespaces, cgroups and processes of ours.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll } from "vitest";

/** How long something that was removed may take to go: the kernel takes down namespaces in the background. */
const LIMIT_MS = 3000;
const POLL_MS = 20;

/** Commands whose processes are ours, wherever they ended up. */
const OUR_COMMANDS =
  /(^|[/ ])(netd|netd-runtime|netd-dns|netd-sandbox|netctl)(\.cjs)?( |$)|busybox|^(\/bin\/)?sleep infinity/;

const before = takeSnapshot();

afterAll(async () => {
  const deadline = Date.now() + LIMIT_MS;
  let left = leftSince(before);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    left = leftSince(before);
  }
  if (left.length > 0) throw new Error(`this file left on the host:\n  ${left.join("\n  ")}`);
}, LIMIT_MS * 2);

function leftSince(snapshot: ReadonlySet<string>): string[] {
  return [...takeSnapshot()].filter((item) => !snapshot.has(item));
}

/** Everything that may leak, one line each. */
function takeSnapshot(): Set<string> {
  return new Set([...links(), ...namespaces(), ...nftTables(), ...mounts(), ...cgroups(), ...processes()]);
}

function links(): string[] {
  return readdirSync("/sys/class/net").map((name) => `link ${name}`);
}

function namespaces(): string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns").map((name) => `network namespace ${name}`) : [];
}

function nftTables(): string[] {
  try {
    const text = execFileSync("nft", ["list", "tables"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return text
      .split("\n")
      .filter(Boolean)
      .map((table) => `nftables ${table}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The mount of /run/netns on itself stays, as after `ip netns add`. */
function mounts(): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ")[4])
    .filter((mountPoint) => mountPoint !== "/run/netns")
    .map((mountPoint) => `mount ${mountPoint}`);
}

function cgroups(): string[] {
  const roots = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] ?? "");
  return roots.flatMap((root) =>
    childDirectories(root)
      .filter((directory) => directory.slice(root.length + 1).startsWith("netd"))
      .flatMap((directory) => [directory, ...allBelow(directory)])
      .map((directory) => `cgroup ${directory}`),
  );
}

function allBelow(directory: string): string[] {
  return childDirectories(directory).flatMap((child) => [child, ...allBelow(child)]);
}

function childDirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
  } catch {
    return [];
  }
}

interface ProcessFacts {
  pid: number;
  parent: number;
  state: string;
  command: string;
}

/** Processes that descend from this one, or run a command of ours. Zombies are their parent's business. */
function processes(): string[] {
  const all = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => factsOf(Number(name))),
  );
  return [...all.values()]
    .filter(({ state, command }) => state !== "Z" && command !== "")
    .filter((facts) => OUR_COMMANDS.test(facts.command) || isDescendant(facts, all))
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid, command }) => `process ${pid} ${command}`);
}

function isDescendant(facts: ProcessFacts, all: ReadonlyMap<number, ProcessFacts>): boolean {
  for (let at: ProcessFacts | undefined = facts; at !== undefined; at = all.get(at.parent))
    if (at.parent === process.pid) return true;
  return false;
}

function factsOf(pid: number): [number, ProcessFacts][] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return [[pid, { pid, parent: Number(parent), state, command }]];
  } catch {
    return [];
  }
}
