/**
 * One end of a stream connection: netctl, seen through netd.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { ErrorDocument } from "../errors.ts";
import { FRAME_MAX_BYTES, type Frame, FrameParser, formatFrame } from "../stream/index.ts";

/** A client that comes with a request: its connection, and what it sent behind the request. */
export interface StreamPeer {
  socket: Socket;
  rest: Buffer;
}

/** What a client asks for. */
export interface StreamClientHandlers {
  /** Bytes for standard input; empty: close it. Returns false to hold further ones until {@link StreamClient.resumeInput}. */
  stdin(bytes: Buffer): boolean;
  resize(rows: number, columns: number): void;
  /** The client wants to go and leave the process alone. */
  detach(): void;
  /** The connection has ended, by whomever. */
  closed(): void;
  /** There is room again after {@link StreamClient.send} returned false. */
  drained(): void;
  /** It took nothing at all for {@link StreamClientOptions.patienceMs} while output waited for it. */
  stalled(): void;
}

/** How long a client may keep its process waiting. */
export interface StreamClientOptions {
  /** Milliseconds without a byte taken; absent: as long as it is connected. */
  patienceMs?: number | undefined;
}

/** Bytes that may wait for a slow client before its process has to. */
const QUEUE_MAX_BYTES = 1 << 20;

/** Speaks frames with one client. */
export class StreamClient {
  readonly #socket: Socket;
  readonly #handlers: StreamClientHandlers;
  readonly #parser = new FrameParser();
  readonly #patienceMs: number | undefined;
  #isOpen = true;

  /** `rest` are bytes that came behind the request line. */
  constructor(socket: Socket, rest: Buffer, handlers: StreamClientHandlers, { patienceMs }: StreamClientOptions = {}) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#patienceMs = patienceMs;
    socket.on("data", (bytes: Buffer) => this.#push(bytes));
    socket.on("drain", () => {
      socket.setTimeout(0);
      handlers.drained();
    });
    // Node puts it off as long as the kernel takes any of what waits.
    socket.on("timeout", () => handlers.stalled());
    socket.on("error", () => {});
    socket.on("close", () => this.#close());
    queueMicrotask(() => {
      if (rest.length > 0) this.#push(rest);
      if (socket.destroyed) this.#close();
      else socket.resume();
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it takes more now. */
  get hasRoom(): boolean {
    return !this.#isOpen || this.#socket.writableLength < QUEUE_MAX_BYTES;
  }

  /** Send a copy of output. False: no room for more. */
  send(stream: "stdout" | "stderr", bytes: Buffer): boolean {
    if (!this.#isOpen) return true;
    for (let at = 0; at < bytes.length; at += FRAME_MAX_BYTES) {
      this.#socket.write(formatFrame(stream, bytes.subarray(at, at + FRAME_MAX_BYTES)));
    }
    if (this.hasRoom) return true;
    if (this.#patienceMs !== undefined && this.#socket.timeout !== this.#patienceMs) {
      this.#socket.setTimeout(this.#patienceMs);
    }
    return false;
  }

  /** Say how the process ended, and hang up. */
  end(exitCode: number): void {
    this.#socket.setTimeout(0);
    if (this.#isOpen) this.#socket.end(formatFrame("exit", { exitCode }));
  }

  /** Say what went wrong, and hang up. */
  fail(error: ErrorDocument): void {
    this.#socket.setTimeout(0);
    if (this.#isOpen) this.#socket.end(formatFrame("error", error));
  }

  /** Take more input after a handler refused. */
  resumeInput(): void {
    if (this.#isOpen) this.#socket.resume();
  }

  #push(bytes: Buffer): void {
    let frames: Frame[];
    try {
      frames = this.#parser.push(bytes);
    } catch {
      this.#socket.destroy();
      return;
    }
    for (const frame of frames) this.#take(frame);
  }

  #take({ kind, payload }: Frame): void {
    if (kind === "stdin") {
      if (!this.#handlers.stdin(payload)) this.#socket.pause();
    } else if (kind === "resize") {
      const size = parseSize(payload);
      if (size !== undefined) this.#handlers.resize(size.rows, size.columns);
    } else if (kind === "detach") {
      this.#handlers.detach();
      this.#socket.end();
    }
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#handlers.closed();
  }
}

function parseSize(payload: Buffer): { rows: number; columns: number } | undefined {
  try {
    const { rows, columns } = JSON.parse(payload.toString("utf8")) as { rows?: unknown; columns?: unknown };
    return typeof rows === "number" && typeof columns === "number" ? { rows, columns } : undefined;
  } catch {
    return undefined;
  }
}
