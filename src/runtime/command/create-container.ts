/**
 * Makes a container from a bundle: what `create` and `run` have in common.
 *
 * @module
 */
import { closeSync, constants, openSync } from "node:fs";
import { NetdError, parseError } from "../../errors.ts";
import { Cgroups, cgroupCreate, isFrozen, restrictLayout, SeccompCompiler } from "../../kernel/index.ts";
import { readProcessStat } from "../../kernel/proc/index.ts";
import { ForkServer, faultPoint, type LaunchedProcess, makeFifo } from "../../kernel/process/index.ts";
import { openUserNamespace } from "../container-user.ts";
import { checkHost } from "../oci/check-host.ts";
import type { OciConfig, OciState } from "../oci/config.ts";
import { planContainerCgroup } from "../plan/container-cgroup.ts";
import { type HostFacts, planContainer } from "../plan/container-steps.ts";
import { listenerTaker } from "../seccomp-listener.ts";
import { allowDevices } from "./allowed-devices.ts";
import type { CommandCall } from "./command.ts";
import { checkConsole, deliverConsole } from "./console.ts";
import { destroyContainer } from "./destroy-container.ts";
import { loadNetDevices } from "./load-net-devices.ts";
import { NODE_FLAGS } from "./node-flags.ts";
import { writePidFile } from "./pid-file.ts";
import { countPreserved, listenEnvironment } from "./preserved.ts";
import { readBundle } from "./read-bundle.ts";
import { runHooks } from "./run-hooks.ts";
import { type ProcessIdentity, StateStore, type StoredState } from "./state-store.ts";
import { inheritStdio, noStdio } from "./stdio.ts";

/** A container that was made. */
export interface MadeContainer {
  store: StateStore;
  state: StoredState;
  config: OciConfig;
  process: LaunchedProcess;
}

/** How {@link createContainer} makes it. */
export interface CreateContainerOptions {
  /** Its process waits for `start`; otherwise it runs. */
  waits: boolean;
  /** We end before it does. */
  isDetached: boolean;
}

/** Make the container of a call, hand its terminal over and write its pid. Nothing is left of a failure. */
export async function createContainer(call: CommandCall, options: CreateContainerOptions): Promise<MadeContainer> {
  const { flags, args, global, report } = call;
  const { waits, isDetached } = options;
  const preserveFds = countPreserved(flags.number("preserve-fds") ?? 0, process.env);
  const id = args[0]!; // its count was checked
  const store = new StateStore(global.root);
  store.directory(id);
  const bundle = readBundle(flags.text("bundle") ?? ".", { id, warn: report.warn });
  const config = allowDevices(addEnvironment(bundle.config, listenEnvironment(process.env)));
  report.debug(`create ${id} from ${bundle.path}`);
  checkConsole(call, { isTerminal: config.process.terminal === true, isDetached });
  checkHost(config);
  const cgroups = new Cgroups();
  const { cgroupsPath } = config.linux;
  const { v1, unified } = cgroups.layout;
  const freezerFile =
    v1.freezer !== undefined
      ? `${v1.freezer}${cgroupsPath}/freezer.state`
      : unified === undefined
        ? undefined
        : `${unified}${cgroupsPath}/cgroup.freeze`;
  let state: StoredState = {
    id,
    ociVersion: config.ociVersion,
    bundle: bundle.path,
    rootfs: config.root.path,
    created: new Date().toISOString(),
    annotations: config.annotations ?? {},
    cgroupsPath,
    ...(freezerFile === undefined ? {} : { freezerFile }),
    creator: identify(process.pid),
  };
  store.reserve(id);
  faultPoint("command:reserved");
  try {
    checkCgroup(cgroups, cgroupsPath);
  } catch (error) {
    store.remove(id);
    throw error;
  }
  try {
    store.writeState(state);
    faultPoint("command:named");
    store.writeConfig(id, config);
    faultPoint("command:configured");
    // In all hierarchies: an engine may look into any of them.
    cgroupCreate.apply({ ...planContainerCgroup(config), hierarchies: "all" }, { cgroups });
    faultPoint("command:cgroup");
    const wait = waits ? openFifos(store.directory(id)) : undefined;
    const { ociVersion, annotations } = config;
    const facts = planFacts(cgroups, cgroupsPath);
    const userNamespaceFd = openUserNamespace(config);
    const hookState = { ociVersion, id, bundle: bundle.path, ...(annotations === undefined ? {} : { annotations }) };
    const plan = planContainer(
      {
        containerId: id,
        config,
        noNewKeyring: flags.bool("no-new-keyring"),
        isRootMoved: flags.bool("no-pivot"),
        stdio: config.process.terminal === true ? noStdio() : inheritStdio(),
        hookState,
        hookEnv: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
        preserveFds,
        ...(wait === undefined ? {} : { wait }),
      },
      userNamespaceFd === undefined ? facts : { ...facts, userNamespaceFd },
    );
    const takeListener = listenerTaker(plan.seccomp, { ...hookState, status: "creating" });
    using forkServer = new ForkServer({ walkCommand: ["/proc/self/exe", ...NODE_FLAGS, global.script, "walk"] });
    const launched = await forkServer.launch({
      ...plan,
      ...(takeListener === undefined ? {} : { takeListener }),
      onHooks: async (pid) => {
        state = { ...state, init: identify(pid) };
        const { netDevices = {} } = config.linux;
        if (Object.keys(netDevices).length > 0) {
          const pin = `${store.directory(id)}/netns`;
          const taken = loadNetDevices().takeNetDevices(netDevices, pid, pin);
          if ("failure" in taken) throw parseError(taken.failure);
          state = { ...state, netDevices: { taken, pin } };
        }
        store.writeState(state);
        const document: OciState = { ...hookState, status: "creating", pid };
        await runHooks("prestart", config.hooks?.prestart, document);
        await runHooks("createRuntime", config.hooks?.createRuntime, document);
      },
    });
    faultPoint("command:launched");
    if (userNamespaceFd !== undefined) closeSync(userNamespaceFd);
    const { pid, startTime } = launched;
    report.debug(`process ${pid} of ${id} ${waits ? "waits for its start" : "runs"}`);
    state = { ...state, init: { pid, startTime } };
    store.writeState(state);
    faultPoint("command:recorded");
    deliverConsole(call, launched.terminalFd);
    const pidFile = flags.text("pid-file");
    if (pidFile !== undefined) writePidFile(pidFile, pid);
    return { store, state, config, process: launched };
  } catch (error) {
    await destroyContainer({ store, state, config, cgroups, warn: report.warn });
    throw error;
  }
}

/** A cgroup with processes is somebody else's: they would get the container's limits, and end with it. In a frozen one nothing would start. */
function checkCgroup(cgroups: Cgroups, path: string): void {
  if (!cgroups.has(path)) return;
  const pids = cgroups.pids(path);
  if (pids.length > 0) {
    const state = `container's cgroup is not empty, processes ${pids.join(", ")} are in it, none wanted`;
    throw new NetdError("CONTAINER_RUNNING", `Cannot use cgroup ${path}: ${state}`, {
      remedy: "End them, or name another cgroup in linux.cgroupsPath",
    });
  }
  if (!isFrozen(cgroups, path)) return;
  throw new NetdError("CONTAINER_PAUSED", `Cannot use cgroup ${path}: container's cgroup unexpectedly frozen`, {
    remedy: "Remove it, or name another cgroup in linux.cgroupsPath",
  });
}

function planFacts(cgroups: Cgroups, cgroupsPath: string): HostFacts {
  const controllers = cgroups.controllersOf(cgroupsPath);
  return {
    cgroups: restrictLayout(cgroups.layout, controllers),
    joinFiles: cgroups.joinFiles(cgroupsPath, controllers),
    compileSeccomp: (profile) => new SeccompCompiler().compile(profile),
  };
}

/** FIFOs that have a reader and a writer as long as the child lives. */
function openFifos(directory: string): { startFd: number; resultFd: number } {
  const [startFd, resultFd] = ["start", "result"].map((name) => {
    const path = `${directory}/${name}.fifo`;
    makeFifo(path);
    return openSync(path, constants.O_RDWR);
  });
  return { startFd: startFd!, resultFd: resultFd! }; // two names, two descriptors
}

function identify(pid: number): ProcessIdentity {
  return { pid, startTime: readProcessStat(pid)?.startTime ?? 0 };
}

function addEnvironment(config: OciConfig, variables: string[]): OciConfig {
  if (variables.length === 0) return config;
  return { ...config, process: { ...config.process, env: [...config.process.env, ...variables] } };
}
