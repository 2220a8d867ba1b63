/**
 * Further processes in a running container.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { closeSync } from "node:fs";
import type { SeccompCompiler } from "../kernel/index.ts";
import { type ForkServer, faultPoint, makePipe, type StdioSource } from "../kernel/process/index.ts";
import type { ChildWatch } from "./child-watch.ts";
import type { Execs } from "./execs.ts";
import { OCI_VERSION } from "./oci/config.ts";
import { keyringName } from "./plan/container-steps.ts";
import { planExec } from "./plan/exec-steps.ts";
import { ProcessStreams } from "./process-streams.ts";
import type { ExecParams } from "./protocol.ts";
import { listenerTaker } from "./seccomp-listener.ts";
import { findSpecialNamespaces } from "./special-namespaces.ts";
import type { StreamPeer } from "./stream-client.ts";

/** What {@link startExec} works with. */
export interface StartExecOptions {
  forkServer: ForkServer;
  children: ChildWatch;
  execs: Execs;
  pid: number;
  pidfd: number;
  joinFiles: string[];
  seccomp: SeccompCompiler;
  /** Directory of the container. */
  bundle: string;
  /** Send the answer; returns the client that gets the streams, if there is one. */
  answer: (result: { id: string; pid: number }) => StreamPeer | undefined;
}

interface Pipes {
  /** The process's ends, to be closed by us once it has them. */
  theirs: number[];
  stdin: StdioSource;
  stdout: StdioSource;
  stderr: StdioSource;
  ours: { stdinFd?: number; stdoutFd?: number; stderrFd?: number };
}

const NULL: StdioSource = { path: "/dev/null" };

/** Run a process in a container. Resolves once it runs and the answer is sent; its end is told to the client. */
export async function startExec(params: ExecParams, options: StartExecOptions): Promise<void> {
  const pipes = openPipes(params);
  let launched: Awaited<ReturnType<ForkServer["launch"]>>;
  try {
    const { pid, pidfd, joinFiles } = options;
    const { stdin, stdout, stderr } = pipes;
    const { containerId } = params;
    const seccomp = params.seccomp === undefined ? undefined : options.seccomp.compile(params.seccomp);
    const special = findSpecialNamespaces(pid);
    const plan = planExec(params.process, {
      ...{ pid, pidfd, joinFiles, stdin, stdout, stderr, seccomp, keyring: keyringName(containerId) },
      ...(special === undefined ? {} : { special }),
    });
    const { bundle } = options;
    const state = { ociVersion: OCI_VERSION, id: containerId, status: "running", pid, bundle } as const;
    const takeListener = listenerTaker(seccomp, state);
    launched = await options.forkServer.launch({ ...plan, ...(takeListener === undefined ? {} : { takeListener }) });
  } catch (error) {
    for (const fd of Object.values(pipes.ours)) closeSync(fd);
    throw error;
  } finally {
    for (const fd of pipes.theirs) closeSync(fd);
  }
  faultPoint("exec:launched");
  const { pid, startTime, terminalFd } = launched;
  const id = randomBytes(32).toString("hex");
  options.execs.add({
    ...{ id, pid, startTime, command: params.process.args ?? [], startedAt: new Date().toISOString() },
    ...{ isTerminal: params.process.terminal === true, isDetached: params.detach },
  });
  const streams: ProcessStreams = new ProcessStreams({
    ...pipes.ours,
    ...(terminalFd === undefined ? {} : { terminalFd }),
    // As when a terminal's window is closed; a process without one goes on, with nobody listening.
    onAbandoned: () => (terminalFd === undefined ? streams.closeInput() : streams.hangUp()),
  });
  const peer = options.answer({ id, pid });
  if (peer !== undefined) streams.attach(peer, { isStarter: true });
  options.children.add(pid, (exitCode) => {
    options.execs.delete(id);
    streams.finish(exitCode);
  });
}

function openPipes({ process, stdin, detach }: ExecParams): Pipes {
  if (detach || process.terminal === true) return { theirs: [], stdin: NULL, stdout: NULL, stderr: NULL, ours: {} };
  const out = makePipe();
  const err = makePipe();
  const into = stdin ? makePipe() : undefined;
  return {
    theirs: [out.write, err.write, ...(into === undefined ? [] : [into.read])],
    stdin: into === undefined ? NULL : { fd: into.read },
    stdout: { fd: out.write },
    stderr: { fd: err.write },
    ours: { stdoutFd: out.read, stderrFd: err.read, ...(into === undefined ? {} : { stdinFd: into.write }) },
  };
}
