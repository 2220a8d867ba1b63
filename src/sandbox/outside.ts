/**
 * The half of a sandbox that stays on the host: it starts the other half in namespaces of its own, and sees that nothing remains.
 *
 * All processes form one chain of "dies with its parent" (PR_SET_PDEATHSIG), down to the first process of the sandbox's pid
 * namespace, whose end ends all others in it; with the last process, the kernel takes the mounts and networks away. What no
 * namespace holds are cgroups: those are removed by a janitor, a shell in a session of its own that waits for our end.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { CGROUP_CONTROLLERS, Cgroups, isInForeground, takeTerminal } from "../kernel/index.ts";
import type { InsideOptions } from "./inside.ts";
import type { SandboxOptions } from "./options.ts";

/** How the half inside is started. */
export const ENTER_NAMESPACES = [
  "unshare",
  "--mount",
  "--net",
  "--pid",
  "--ipc",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--propagation",
  "private",
];

const DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"];

/** Waits for the end of its input, then removes the directories given, deepest first; processes may take a moment to leave them. */
const JANITOR = `
cat > /dev/null
for attempt in $(seq 200); do
  left=0
  for directory; do
    [ -d "$directory" ] || continue
    find "$directory" -depth -type d -exec rmdir {} + 2> /dev/null
    [ -d "$directory" ] && left=1
  done
  [ $left = 0 ] && exit
  sleep 0.02
done
`;

/** Run a whole sandbox; resolves to the exit code of its command when nothing of the sandbox is left. */
export async function runOutside(options: SandboxOptions, program: string): Promise<number> {
  const cgroup = `/netd-sandbox-${process.pid}`;
  const hasForeground = isInForeground();
  const janitor = startJanitor(new Cgroups().directories(cgroup, CGROUP_CONTROLLERS));
  const inside: InsideOptions = { ...options, cgroup, hasForeground };
  const [command = "", ...argv] = [...DIE_WITH_PARENT, ...ENTER_NAMESPACES, process.execPath, program];
  const child = spawn(command, [...argv, "inside", JSON.stringify(inside)], { stdio: "inherit" });
  let endedBy: NodeJS.Signals | undefined;
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      endedBy = signal;
      child.kill("SIGKILL");
    });
  }
  // The keyboard's signals are for who runs inside.
  process.on("SIGINT", () => {});
  process.on("SIGQUIT", () => {});

  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (hasForeground) takeTerminal();
  janitor.stdin?.end();
  await once(janitor, "exit");
  return code ?? 128 + constants.signals[endedBy ?? signal ?? "SIGKILL"];
}

function startJanitor(directories: string[]): ChildProcess {
  const janitor = spawn("sh", ["-c", JANITOR, "netd-sandbox-janitor", ...directories], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  janitor.stdin?.on("error", () => {});
  return janitor;
}
