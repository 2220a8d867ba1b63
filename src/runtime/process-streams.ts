/**
 * The standard streams of one process in a container: pumped out to a log and to attached clients, and in from them.
 *
 * @module
 */
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { formatError } from "../errors.ts";
import { resizeTerminal } from "../kernel/process/index.ts";
import type { OutputStream } from "./cri-log.ts";
import { OutputPump } from "./output-pump.ts";
import { exitCodeLost, stalled } from "./refusals.ts";
import { StreamClient, type StreamClientHandlers, type StreamPeer } from "./stream-client.ts";
import { TerminalInput } from "./terminal-input.ts";

/** Our ends; the streams close them. */
export interface ProcessStreamsOptions {
  stdinFd?: number;
  stdoutFd?: number;
  stderrFd?: number;
  /** Master of its terminal, instead of the three. */
  terminalFd?: number;
  /** Longest piece of output to take at once, in bytes. */
  readMaxBytes?: number;
  /** Told of all output before clients are; bytes are overwritten after it returns. */
  record?: (stream: OutputStream, bytes: Buffer) => void;
  /** What happens when the last client is gone without having said `detach`. */
  onAbandoned?: () => void;
  /** How long a client that joined later may take nothing while output waits for it, in milliseconds. */
  patienceMs?: number;
}

/** What {@link ProcessStreams.attach} may be told of a client. */
export interface AttachOptions {
  /** The process was started for it: the process waits for it as for the reader of a pipe, however long. */
  isStarter?: boolean;
}

const PATIENCE_MS = 10_000;

/**
 * Joins a process with its clients. A client that is slow makes the process wait; one that is gone does not, and one that joined later and
 * takes nothing at all is sent away.
 */
export class ProcessStreams {
  readonly #options: ProcessStreamsOptions;
  readonly #clients = new Set<StreamClient>();
  readonly #pumps = new Map<OutputPump, OutputStream>();
  #input: Socket | undefined;
  #terminalInput: TerminalInput | undefined;
  #stdinFd: number | undefined;
  #terminalFd: number | undefined;

  constructor(options: ProcessStreamsOptions) {
    this.#options = options;
    const { stdinFd, stdoutFd, stderrFd, terminalFd } = options;
    if (stdoutFd !== undefined) this.#pump(stdoutFd, "stdout", false);
    if (stderrFd !== undefined) this.#pump(stderrFd, "stderr", false);
    if (terminalFd !== undefined) this.restoreTerminal(terminalFd);
    if (stdinFd !== undefined) this.restoreStdin(stdinFd);
  }

  /** Write end of standard input, while it is open. */
  get stdinFd(): number | undefined {
    return this.#stdinFd;
  }

  /** Master of the terminal, when there is one. */
  get terminalFd(): number | undefined {
    return this.#terminalFd;
  }

  /** Reading ends of outputs that have not ended. */
  outputFds(): [OutputStream, number][] {
    return [...this.#pumps].flatMap(([pump, stream]) =>
      pump.isEnded ? [] : [[stream, pump.fd] as [OutputStream, number]],
    );
  }

  /** Take the master of the terminal, which another process kept. */
  restoreTerminal(fd: number): void {
    if (this.#terminalFd !== undefined) {
      closeSync(fd);
      return;
    }
    this.#terminalFd = fd;
    this.#pump(fd, "stdout", true);
    this.#terminalInput = new TerminalInput(fd, () => this.#resumeInput());
  }

  /** Take the write end of standard input, which another process kept. */
  restoreStdin(fd: number): void {
    if (this.#stdinFd !== undefined) {
      closeSync(fd);
      return;
    }
    this.#stdinFd = fd;
    const input = new Socket({ fd, readable: false, writable: true });
    this.#input = input;
    // The process closed its end: what clients send is lost, as in a pipe.
    input.on("error", () => {
      if (this.#input !== input) return;
      this.#input = undefined;
      this.#stdinFd = undefined;
    });
    input.on("drain", () => this.#resumeInput());
  }

  /** Join a client. */
  attach({ socket, rest }: StreamPeer, { isStarter = false }: AttachOptions = {}): StreamClient {
    const patienceMs = this.#patienceMs;
    const handlers: StreamClientHandlers = {
      stdin: (bytes) => this.#takeInput(bytes),
      resize: (rows, columns) => {
        if (this.#terminalFd !== undefined) resizeTerminal(this.#terminalFd, rows, columns);
      },
      detach: () => this.#clients.delete(client),
      closed: () => this.#drop(client),
      drained: () => this.#resume(),
      stalled: () => this.#sendAway(client),
    };
    const client = new StreamClient(socket, rest, handlers, isStarter ? {} : { patienceMs });
    this.#clients.add(client);
    return client;
  }

  /** Close standard input once all that clients sent is written. A terminal has no such end. */
  closeInput(): void {
    const input = this.#input;
    if (input === undefined) return;
    this.#input = undefined;
    input.write("", () => {
      this.#stdinFd = undefined;
      input.destroy();
    });
  }

  /** Hang the terminal up. */
  hangUp(): void {
    this.#terminalInput?.close();
    this.#terminalInput = undefined;
    this.#terminalFd = undefined;
    for (const pump of this.#pumps.keys()) pump.finish();
  }

  /** Take the rest of the output, close everything and tell the clients. `null`: nobody knows the exit code. */
  finish(exitCode: number | null): void {
    this.hangUp();
    this.#input?.destroy();
    this.#input = undefined;
    this.#stdinFd = undefined;
    for (const client of this.#clients) {
      if (exitCode === null) client.fail(formatError(exitCodeLost()));
      else client.end(exitCode);
    }
    this.#clients.clear();
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? PATIENCE_MS;
  }

  #pump(fd: number, stream: OutputStream, isTerminal: boolean): void {
    const { readMaxBytes } = this.#options;
    const take = (bytes: Buffer) => this.#takeOutput(stream, bytes);
    this.#pumps.set(new OutputPump({ fd, isTerminal, readMaxBytes, take }), stream);
  }

  #takeOutput(stream: OutputStream, bytes: Buffer): boolean {
    this.#options.record?.(stream, bytes);
    let hasRoom = true;
    for (const client of this.#clients) hasRoom = client.send(stream, bytes) && hasRoom;
    return hasRoom;
  }

  /** Go on without a client. It hears why when it reads again. */
  #sendAway(client: StreamClient): void {
    if (!this.#clients.delete(client)) return;
    client.fail(formatError(stalled(this.#patienceMs)));
    this.#resume();
  }

  #resume(): void {
    for (const client of this.#clients) if (!client.hasRoom) return;
    for (const pump of this.#pumps.keys()) pump.resume();
  }

  #resumeInput(): void {
    for (const client of this.#clients) client.resumeInput();
  }

  #takeInput(bytes: Buffer): boolean {
    if (bytes.length === 0) {
      this.closeInput();
      return true;
    }
    return this.#terminalInput?.write(bytes) ?? this.#input?.write(bytes) ?? true;
  }

  #drop(client: StreamClient): void {
    const wasAttached = this.#clients.delete(client);
    this.#resume();
    if (wasAttached && this.#clients.size === 0) this.#options.onAbandoned?.();
  }
}
