// Installs what netd, its tests and its demo need from the system, through apt, when it is missing. Quick when nothing is.
//
//   node scripts/setup.mjs [--peers]     with --peers, also the programs that tests compare netd with, or drive it by
import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** Oldest Node that works. */
const NODE_MIN = [20, 19];

const COMMAND_DIRECTORIES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const LIBRARY_DIRECTORIES = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"].flatMap((directory) => [
  directory,
  ...["x86_64", "aarch64"].map((machine) => `${directory}/${machine}-linux-gnu`),
]);

/** Debian package to the files that show it is there, and what needs it. */
const PACKAGES = {
  "busybox-static": { program: "/bin/busybox", for: "the built-in image" },
  libnftables1: { library: "libnftables.so.1", for: "firewall rules" },
  libseccomp2: { library: "libseccomp.so.2", for: "system call filters" },
  iproute2: { command: "ip", for: "tests and the demo" },
  nftables: { command: "nft", for: "tests and the demo" },
  "util-linux": { command: "setpriv", for: "the sandbox" },
  procps: { command: "sysctl", for: "tests" },
};

/** The same for programs of others, without which their tests are skipped. */
const PEERS = {
  "bind9-dnsutils": { command: "dig", for: "tests of names" },
  conmon: { command: "conmon", for: "tests of the runtime" },
  conntrack: { command: "conntrack", for: "tests of tracked connections" },
  containerd: { command: "containerd", for: "tests beside docker" },
  crun: { command: "crun", for: "tests of the runtime" },
  curl: { command: "curl", for: "tests of the API" },
  "docker.io": { command: "dockerd", for: "tests beside docker" },
  iptables: { command: "iptables", for: "tests beside other firewalls" },
  jq: { command: "jq", for: "tests of the runtime" },
  podman: { command: "podman", for: "tests of the runtime" },
  "python3-minimal": { command: "python3", for: "tests with frames of attackers" },
  runc: { command: "runc", for: "tests of the runtime" },
  tcpdump: { command: "tcpdump", for: "tests that listen on links" },
};

main(process.argv.includes("--peers") ? { ...PACKAGES, ...PEERS } : PACKAGES);

function main(packages) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    fail(
      `Cannot use Node ${process.versions.node}: ${NODE_MIN.join(".")} or newer wanted`,
      "https://nodejs.org/en/download",
    );
  }
  if (process.geteuid() !== 0) fail("Cannot set netd up: not root, root wanted", "sudo npm run setup");
  const missing = Object.keys(packages).filter((name) => !isInstalled(packages[name]));
  if (missing.length === 0) return;
  for (const name of missing) console.log(`setup: ${name} is missing; ${packages[name].for} need it`);
  install(missing);
  const stillMissing = missing.filter((name) => !isInstalled(packages[name]));
  if (stillMissing.length > 0) {
    fail(
      `Cannot find ${stillMissing.join(", ")} after installing it`,
      `apt-get install --reinstall ${stillMissing.join(" ")}`,
    );
  }
}

function isInstalled({ program, command, library }) {
  if (program !== undefined) return isExecutable(program) && isStatic(program);
  if (command !== undefined) return COMMAND_DIRECTORIES.some((directory) => isExecutable(join(directory, command)));
  return LIBRARY_DIRECTORIES.some((directory) => existsSync(join(directory, library)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a program needs no loader: the path of one stands near the start of the file (PT_INTERP, elf(5)). */
function isStatic(path) {
  const start = Buffer.alloc(4096);
  const fd = openSync(path, "r");
  readSync(fd, start);
  closeSync(fd);
  return !start.includes("/ld-");
}

/** Install packages; the lists are fetched anew only when the ones at hand do not do. */
function install(packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!COMMAND_DIRECTORIES.some((directory) => isExecutable(join(directory, "apt-get")))) {
    fail(
      `Cannot install ${packages.join(", ")}: this system has no apt-get`,
      "install them with its own package manager",
    );
  }
  if (runApt("install", packages) || (runApt("update", []) && runApt("install", packages))) return;
  fail(`Cannot install ${packages.join(", ")}: apt-get failed, see above`, `apt-get update && ${command}`);
}

function runApt(verb, packages) {
  const options = verb === "install" ? ["-y", "--no-install-recommends"] : [];
  console.log(`setup: apt-get ${[verb, ...options, ...packages].join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return (
    spawnSync("apt-get", [verb, ...options, ...packages], { env, stdio: ["ignore", "inherit", "inherit"] }).status === 0
  );
}

function fail(message, remedy) {
  console.error(`setup: ${message}\n  try: ${remedy}`);
  process.exit(1);
}
