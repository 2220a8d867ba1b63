/**
 * Moves what a process writes to whoever wants it, as fast as the slowest of them.
 *
 * @module
 */
import { closeSync, readSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import { ReadStream } from "node:tty";
import { duplicateDescriptor, setNonblocking } from "../kernel/process/index.ts";

/** What an {@link OutputPump} is made from. */
export interface OutputPumpOptions {
  /** Read end of a pipe or FIFO, or master of a terminal. The pump closes it. */
  fd: number;
  isTerminal: boolean;
  /** Longest piece to take at once, in bytes. */
  readMaxBytes?: number | undefined;
  /** Takes the next bytes, which are overwritten after it returns. False: stop until {@link OutputPump.resume}. */
  take: (bytes: Buffer) => boolean;
}

/** Of all pumps: what is read into it is taken before anything else is read. */
const CHUNK = Buffer.allocUnsafeSlow(64 * 1024);
const CHUNK_MIN_BYTES = 512;
/** All that a pipe can hold for us: fs.pipe-max-size, of which no container may have more. */
const DRAIN_BYTES = 1 << 20;
/** How soon a terminal is looked at again that no process had open. */
const REOPEN_MS = 50;

/** Reads one descriptor. Nothing is kept here: what is not taken stays in the pipe, and the writer waits. */
export class OutputPump {
  readonly #options: OutputPumpOptions;
  readonly #buffer: Buffer;
  #socket: Socket;
  #reopen: NodeJS.Timeout | undefined;
  #isOpen = true;
  #isStopped = false;
  /** Others have their turn before more is read. */
  #isYielding = false;

  constructor(options: OutputPumpOptions) {
    this.#options = options;
    const { readMaxBytes = CHUNK.length } = options;
    this.#buffer = CHUNK.subarray(0, Math.max(CHUNK_MIN_BYTES, readMaxBytes));
    if (options.isTerminal) setNonblocking(options.fd);
    this.#socket = this.#open();
  }

  /** The descriptor; another file's once {@link isEnded}. */
  get fd(): number {
    return this.#options.fd;
  }

  /** Whether its writers have closed it, and it with them. */
  get isEnded(): boolean {
    return !this.#isOpen || (!this.#options.isTerminal && this.#socket.destroyed);
  }

  /** Go on after `take` said stop. */
  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    if (!this.#isYielding) this.#socket.resume();
  }

  /** Take what is there now, without waiting for more, whatever `take` says; then close. Called when the writer has ended. */
  finish(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#reopen);
    const { fd, isTerminal } = this.#options;
    // A pipe whose writers have gone was closed by the socket; its number may be another file's by now.
    if (isTerminal || !this.#socket.destroyed) this.#drain();
    this.#socket.destroy();
    if (isTerminal) closeSync(fd);
  }

  #open(): Socket {
    const { fd, isTerminal } = this.#options;
    const onread = {
      buffer: this.#buffer,
      callback: (length: number, bytes: Uint8Array) => {
        const isWanted = this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, length));
        if (!isWanted || length < bytes.length) return isWanted;
        // There is more: libuv would read it 32 times in a row, while other containers wait.
        this.#yield();
        return false;
      },
    };
    const socket = isTerminal
      ? new ReadStream(duplicateDescriptor(fd), { onread } as object)
      : // Node's types know the option for connecting sockets only.
        new Socket({ fd, readable: true, writable: false, onread } as SocketConstructorOpts);
    socket.on("error", () => {});
    if (isTerminal) socket.on("close", () => this.#reopenTerminal());
    return socket.resume();
  }

  /**
   * When no process has a terminal open, libuv says that it has ended, and that before its last bytes are read. Another process may open it
   * again; the end is learnt from the container's.
   */
  #reopenTerminal(): void {
    if (!this.#isOpen) return;
    if (!this.#isStopped) this.#drain();
    this.#reopen = setTimeout(() => {
      this.#socket = this.#open();
    }, REOPEN_MS);
  }

  /** Go on reading after everybody else had a turn. */
  #yield(): void {
    const socket = this.#socket;
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      if (this.#isOpen && !this.#isStopped && socket === this.#socket) socket.resume();
    });
  }

  #take(bytes: Buffer): boolean {
    const isWanted = this.#options.take(bytes);
    if (!isWanted) this.#isStopped = true;
    return isWanted;
  }

  #drain(): void {
    for (let taken = 0; taken < DRAIN_BYTES; ) {
      const length = readNow(this.#options.fd, this.#buffer);
      if (length === 0) return;
      taken += length;
      this.#take(this.#buffer.subarray(0, length));
    }
  }
}

/** Read what is there; 0 when there is nothing, or never will be (EIO of a terminal). */
function readNow(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into, 0, into.length, null);
  } catch {
    return 0;
  }
}
