/**
 * `exec`: run a further process in a container.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { Cgroups, SeccompCompiler } from "../../kernel/index.ts";
import { ForkServer, openProcess } from "../../kernel/process/index.ts";
import { keyringName } from "../plan/container-steps.ts";
import { planExec } from "../plan/exec-steps.ts";
import { listenerTaker } from "../seccomp-listener.ts";
import { findSpecialNamespaces } from "../special-namespaces.ts";
import type { CommandCall } from "./command.ts";
import { checkConsole, deliverConsole } from "./console.ts";
import { findStatus } from "./container-status.ts";
import { readExecProcess } from "./exec-process.ts";
import { followProcess } from "./follow-process.ts";
import { NODE_FLAGS } from "./node-flags.ts";
import { writePidFile } from "./pid-file.ts";
import { countPreserved, listenEnvironment } from "./preserved.ts";
import { type ProcessIdentity, StateStore, type StoredState } from "./state-store.ts";
import { inheritStdio, noStdio } from "./stdio.ts";

/** Exec; the exit code is the process's. */
export async function exec(call: CommandCall): Promise<number> {
  const { flags, args, global, report } = call;
  const preserveFds = countPreserved(flags.number("preserve-fds") ?? 0, process.env);
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const state = store.readState(id);
  const init = requireRunning(store, state, flags.bool("ignore-paused"));
  const config = store.readConfig(id);
  const wanted = readExecProcess(call, config);
  const isTerminal = wanted.terminal === true;
  const isDetached = flags.bool("detach");
  checkConsole(call, { isTerminal, isDetached });
  const pidfd = openProcess(init.pid);
  const { linux } = config;
  const seccomp = linux.seccomp === undefined ? undefined : new SeccompCompiler().compile(linux.seccomp);
  const special = findSpecialNamespaces(init.pid);
  const plan = planExec(
    { ...wanted, env: [...wanted.env, ...listenEnvironment(process.env)] },
    {
      pid: init.pid,
      pidfd,
      joinFiles: findJoinFiles(state, flags.list("cgroup")),
      ...(isTerminal ? noStdio() : inheritStdio()),
      keyring: keyringName(id),
      seccomp,
      preserveFds,
      ...(special === undefined ? {} : { special }),
      sharesMounts: !config.linux.namespaces.some(({ type }) => type === "mount"),
    },
  );
  const { ociVersion, bundle, annotations } = state;
  const takeListener = listenerTaker(seccomp, {
    ociVersion,
    id,
    status: "running",
    pid: init.pid,
    bundle,
    annotations,
  });
  using forkServer = new ForkServer({ walkCommand: ["/proc/self/exe", ...NODE_FLAGS, global.script, "walk"] });
  report.debug(`exec ${JSON.stringify(wanted.args)} in ${id}`);
  const launched = await forkServer.launch({ ...plan, ...(takeListener === undefined ? {} : { takeListener }) });
  const { pid, terminalFd } = launched;
  deliverConsole(call, terminalFd);
  const pidFile = flags.text("pid-file");
  if (pidFile !== undefined) writePidFile(pidFile, pid);
  return isDetached ? 0 : await followProcess({ pid, terminalFd });
}

function requireRunning(store: StateStore, state: StoredState, isPausedFine: boolean): ProcessIdentity {
  const status = findStatus(store, state);
  const isFine = status === "running" || status === "created" || (status === "paused" && isPausedFine);
  if (isFine && state.init !== undefined) return state.init;
  if (status === "paused") {
    throw new NetdError(
      "CONTAINER_PAUSED",
      `Cannot exec in container "${state.id}": cannot exec in a paused container, a running one wanted`,
      { remedy: `Resume it with 'netd-runtime resume ${state.id}', or give --ignore-paused` },
    );
  }
  throw new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot exec in container "${state.id}": it is ${status}, a running one wanted`,
    { remedy: "Start it first" },
  );
}

/** The container's own cgroups, or those below that were named as `[CONTROLLER,...:]CGROUP`. */
function findJoinFiles({ cgroupsPath }: StoredState, named: readonly string[]): string[] {
  const cgroups = new Cgroups();
  const all = cgroups.controllersOf(cgroupsPath);
  const paths = new Map(all.map((controller) => [controller, cgroupsPath]));
  for (const entry of named) {
    const [, names, below = ""] = /^(?:([^/:]+):)?\/?(.*)$/.exec(entry) ?? [];
    const path = below === "" ? cgroupsPath : `${cgroupsPath}/${below}`;
    const chosen = names === undefined ? all : all.filter((controller) => names.split(",").includes(controller));
    if (chosen.length === 0) throw noCgroup(entry, "no such controller");
    for (const controller of chosen) paths.set(controller, path);
  }
  const files = new Set(
    all.flatMap((controller) => cgroups.joinFiles(paths.get(controller) ?? cgroupsPath, [controller])),
  );
  for (const file of files) if (!existsSync(file)) throw noCgroup(file, "it does not exist");
  return [...files];
}

function noCgroup(cgroup: string, state: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot join cgroup "${cgroup}": ${state}`, {
    remedy: "Name a cgroup that exists below the container's own",
  });
}
