/**
 * Moves what a process writes to whoever wants it, as fast as the slowest of them.
 *
 * @module
 */
import { readSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import { ReadStream } from "node:tty";

/** What an {@link OutputPump} is made from. */
export interface OutputPumpOptions {
  /** Read end of a pipe or FIFO, or master of a terminal. The pump closes it. */
  fd: number;
  isTerminal: boolean;
  /** Takes the next bytes, which are overwritten after it returns. False: stop until {@link OutputPump.resume}. */
  take: (bytes: Buffer) => boolean;
}

const CHUNK_BYTES = 64 * 1024;
/** All that a pipe can hold for us: fs.pipe-max-size, of which no container may have more. */
const DRAIN_BYTES = 1 << 20;

/** Reads one descriptor. Nothing is kept here: what is not taken stays in the pipe, and the writer waits. */
export class OutputPump {
  readonly #options: OutputPumpOptions;
  readonly #socket: Socket;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #isOpen = true;

  constructor(options: OutputPumpOptions) {
    this.#options = options;
    const onread = {
      buffer: this.#buffer,
      callback: (length: number, bytes: Uint8Array) => options.take(asBuffer(bytes, length)),
    };
    this.#socket = options.isTerminal
      ? new ReadStream(options.fd, { onread } as object)
      : // Node's types know the option for connecting sockets only.
        new Socket({ fd: options.fd, readable: true, writable: false, onread } as SocketConstructorOpts);
    // A terminal whose last user went away answers EIO; the end is learnt from the process.
    this.#socket.on("error", () => {});
    this.#socket.resume();
  }

  /** Go on after `take` said stop. */
  resume(): void {
    if (this.#isOpen) this.#socket.resume();
  }

  /** Write to the terminal whose master this is. */
  get terminal(): Socket {
    return this.#socket;
  }

  /** Take what is there now, without waiting for more, whatever `take` says; then close. Called when the writer has ended. */
  finish(): void {
    const isOver = !this.#isOpen || this.#socket.destroyed;
    this.#isOpen = false;
    // Its writers closed it, and so has the socket; the number may be another file's by now.
    if (isOver) return;
    this.#socket.pause();
    for (let taken = 0; taken < DRAIN_BYTES; ) {
      const length = readNow(this.#options.fd, this.#buffer);
      if (length === 0) break;
      taken += length;
      this.#options.take(this.#buffer.subarray(0, length));
    }
    this.#socket.destroy();
  }
}

function asBuffer(bytes: Uint8Array, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length);
}

/** Read what is there; 0 when there is nothing, or never will be (EIO of a terminal). */
function readNow(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into, 0, into.length, null);
  } catch {
    return 0;
  }
}
