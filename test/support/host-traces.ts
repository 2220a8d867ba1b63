/**
 * Everything that containers leave on a host while they are there: what must be as before when they are gone.
 *
 * @module
 */
import { RUN_DIR, STATE_DIR } from "../../src/sandbox/mounts.ts";
import type { TestSandbox } from "./sandbox.ts";

/** Beside version 1, the hierarchy of version 2 is the whole machine's; what other tests make there and in those without a controller is not netd's. */
const SCRIPT = `
section() { echo "# $1"; }
section links; ip -o link | cut -d: -f2 | cut -d@ -f1
section namespaces; ls /run/netns
section mounts; cut -d' ' -f2 /proc/mounts
section cgroups; find /sys/fs/cgroup -path /sys/fs/cgroup/unified -prune -o -type d -path '*/netd/*' -print
section files; ls -A ${STATE_DIR}/containers ${RUN_DIR}/streams ${RUN_DIR}/runtime
section firewall; nft -s list ruleset
`;

/** Name of a kind of thing to its instances, one line each. */
export type HostTraces = Record<string, string[]>;

/** List them, as iproute2, nft, the cgroup tree and the file system show them. */
export async function hostTraces(sandbox: TestSandbox): Promise<HostTraces> {
  const { stdout } = await sandbox.run("sh", "-c", SCRIPT);
  const sections = stdout.split(/^# /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const [name = "", ...lines] = section.trimEnd().split("\n");
      return [name, lines.toSorted()];
    }),
  );
}
