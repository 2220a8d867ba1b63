/**
 * The private mounts of a sandbox, as commands for `sh`.
 *
 * @module
 */
import { shellQuote } from "../kernel/index.ts";
import { INTERNET } from "./topology.ts";

/** Where the sandbox keeps its own files, on its private /run. */
export const SANDBOX_DIR = "/run/netd-sandbox";

/** netd's directories in the sandbox: the run directory is netd's own default, so that plain `netctl ps` finds it. */
export const RUN_DIR = "/run/netd";
export const STATE_DIR = "/run/netd-state";

/** What the mounts depend on. */
export interface SandboxMounts {
  /** Mount points of the cgroup hierarchies. */
  cgroupRoots: string[];
  /** The sandbox's own cgroup below each. */
  cgroup: string;
  /** Where the files of the commands lie. */
  programDirectory: string;
}

const COMMANDS = ["netctl", "netd", "netd-runtime", "netd-dns"];

/**
 * Format the commands, for a mount namespace whose propagation is private: nothing of it shows on the host.
 *
 * /run is fresh: pins of namespaces, sockets and state live and die with the sandbox. /sys shows the sandbox's own links. Each cgroup
 * hierarchy is cut to the sandbox's own part, so that whatever is made in it can be removed by one path afterwards.
 */
export function formatMounts({ cgroupRoots, cgroup, programDirectory }: SandboxMounts): string[] {
  const kept = `${SANDBOX_DIR}/sys-fs-cgroup`;
  const hasCgroups = cgroupRoots.length > 0;
  return [
    "mount -t tmpfs -o mode=755 netd-sandbox /run",
    `mkdir -p ${SANDBOX_DIR}/bin ${kept} /run/netns /run/lock ${STATE_DIR}`,
    ...COMMANDS.map((name) => `ln -s ${shellQuote(`${programDirectory}/${name}.cjs`)} ${SANDBOX_DIR}/bin/${name}`),
    `echo 'nameserver ${INTERNET.nameServer.v4}' > ${SANDBOX_DIR}/resolv.conf`,
    // Where systemd-resolved runs, the file is a link into /run, which is fresh now.
    "resolvconf=$(readlink -m /etc/resolv.conf)",
    'case $resolvconf in /run/*) mkdir -p "$(dirname "$resolvconf")" && touch "$resolvconf" ;; esac',
    `mount --bind ${SANDBOX_DIR}/resolv.conf "$resolvconf"`,
    ...(hasCgroups ? [`mount --rbind /sys/fs/cgroup ${kept}`] : []),
    "mount -t sysfs sysfs /sys",
    ...(hasCgroups ? [`mount --rbind ${kept} /sys/fs/cgroup`, `umount -R -l ${kept}`] : []),
    ...cgroupRoots.map((root) => `mount --bind ${shellQuote(root + cgroup)} ${shellQuote(root)}`),
  ];
}
