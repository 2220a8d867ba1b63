/**
 * Opens the FIFOs of a container on the host's side.
 *
 * @module
 */
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { makeFifo } from "../kernel/process/index.ts";

const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants;

/** Our ends of the FIFOs. */
export interface StreamDescriptors {
  stdoutFd: number;
  stderrFd: number;
  /** Absent when standard input is /dev/null, or nobody reads it any more. */
  stdinFd?: number;
}

/** Make the FIFOs in `streamDir` and open our ends. Standard input is open in both directions until {@link settleStdin}. */
export function createStreams(streamDir: string, hasStdin: boolean): StreamDescriptors {
  for (const name of hasStdin ? ["stdout", "stderr", "stdin"] : ["stdout", "stderr"]) makeFifo(`${streamDir}/${name}`);
  return {
    ...openOutputs(streamDir),
    // With a writer there already, the child's open for reading does not wait.
    ...(hasStdin ? { stdinFd: openSync(`${streamDir}/stdin`, O_RDWR | O_NONBLOCK) } : {}),
  };
}

/** Once the container has its reading end, keep only a writing one: the last of those closed is its end of file. */
export function settleStdin(streamDir: string, bothWaysFd: number): number | undefined {
  const fd = openStdin(streamDir);
  closeSync(bothWaysFd);
  return fd;
}

/** Open the FIFOs of a container that runs; its own ends are open. */
export function reopenStreams(streamDir: string): StreamDescriptors | undefined {
  try {
    return openOutputs(streamDir);
  } catch {
    // Its directory is gone: the container writes to nobody.
    return undefined;
  }
}

/** Close what was opened. */
export function closeStreams({ stdoutFd, stderrFd, stdinFd }: StreamDescriptors): void {
  for (const fd of [stdoutFd, stderrFd, stdinFd]) if (fd !== undefined) closeSync(fd);
}

/** Remove the FIFOs. */
export function deleteStreams(streamDir: string): void {
  for (const name of ["stdin", "stdout", "stderr"]) rmSync(`${streamDir}/${name}`, { force: true });
}

function openOutputs(streamDir: string): { stdoutFd: number; stderrFd: number } {
  const stdoutFd = openSync(`${streamDir}/stdout`, O_RDONLY | O_NONBLOCK);
  try {
    return { stdoutFd, stderrFd: openSync(`${streamDir}/stderr`, O_RDONLY | O_NONBLOCK) };
  } catch (error) {
    closeSync(stdoutFd);
    throw error;
  }
}

function openStdin(streamDir: string): number | undefined {
  try {
    return openSync(`${streamDir}/stdin`, O_WRONLY | O_NONBLOCK);
  } catch {
    // ENXIO: the container has closed its end, or ended.
    return undefined;
  }
}
