/**
 * Ties the user's standard streams to those of a process in a container until it ends.
 *
 * @module
 */
import type { Readable, Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import type { FrameConnection } from "../api/index.ts";
import { type ErrorDocument, NetdError, parseError } from "../errors.ts";
import { type ExitPayload, type Frame, FrameParser, formatFrame } from "../stream/index.ts";
import { DetachKeys } from "./detach-keys.ts";
import { RawTerminal, terminalSize } from "./raw-terminal.ts";

/** How a session is held. */
export interface SessionOptions {
  /** The process has a terminal. */
  hasTty: boolean;
  /** Send what comes from `streams.stdin`. */
  hasStdin: boolean;
  streams: SessionStreams;
  /** Keys that leave the process alone; absent: docker's. */
  detachKeys?: readonly number[] | undefined;
  /** The process runs already: have it draw its screen. */
  isLate?: boolean;
}

/** Where the container's streams go. */
export interface SessionStreams {
  /** Only touched when it is sent: node opens it on first sight. */
  readonly stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** How a session ended. */
export type SessionEnd = { kind: "exited"; exitCode: number } | { kind: "detached" };

/**
 * Carry frames both ways until the process ends or the user detaches.
 *
 * @throws {NetdError} what netd reports in an `error` frame; DAEMON_NOT_RUNNING when the connection breaks before the end.
 */
export async function holdSession(connection: FrameConnection, options: SessionOptions): Promise<SessionEnd> {
  const { socket, rest } = connection;
  const { stdout } = options.streams;
  const stdin = options.hasStdin ? options.streams.stdin : undefined;
  using terminal = options.hasTty && isTty(stdin) ? await RawTerminal.take(stdin) : undefined;

  const sendSize = (): void => {
    const size = terminalSize(stdout as WriteStream);
    if (size !== undefined) socket.write(formatFrame("resize", size));
  };
  if (options.hasTty) {
    const size = options.isLate === true ? terminalSize(stdout as WriteStream) : undefined;
    // A program draws anew only when its terminal has another size.
    if (size !== undefined) socket.write(formatFrame("resize", { rows: size.rows + 1, columns: size.columns + 1 }));
    sendSize();
    stdout.on("resize", sendSize);
  }
  try {
    return await new Promise<SessionEnd>((resolve, reject) => {
      const parser = new FrameParser();
      const receive = (bytes: Buffer): void => {
        try {
          for (const frame of parser.push(bytes)) receiveFrame(frame, connection, options.streams, resolve, reject);
        } catch (error) {
          reject(error);
        }
      };
      // Told as the close that follows it.
      socket.on("error", () => {});
      socket.on("close", () => reject(new NetdError("DAEMON_NOT_RUNNING", CLOSED, { remedy: CLOSED_REMEDY })));
      receive(rest);
      socket.on("data", receive);
      const onDetached = (): void => resolve({ kind: "detached" });
      if (stdin !== undefined) {
        const keys = terminal === undefined ? undefined : new DetachKeys(options.detachKeys);
        sendStdin(connection, stdin, keys, onDetached);
      }
    });
  } finally {
    stdout.off("resize", sendSize);
    stdin?.pause().removeAllListeners("data");
    socket.destroy();
  }
}

function isTty(stream: Readable | undefined): stream is ReadStream {
  return (stream as ReadStream | undefined)?.isTTY === true;
}

const CLOSED = "Cannot follow the process to its end: netd closed the connection";
const CLOSED_REMEDY = "It may still run: see 'netctl ps', and start netd again if it is gone";

function receiveFrame(
  frame: Frame,
  { socket }: FrameConnection,
  streams: SessionStreams,
  resolve: (end: SessionEnd) => void,
  reject: (error: unknown) => void,
): void {
  const { kind, payload } = frame;
  if (kind === "stdout" || kind === "stderr") {
    const output = streams[kind];
    if (output.write(payload)) return;
    socket.pause();
    output.once("drain", () => socket.resume());
  } else if (kind === "exit") {
    resolve({ kind: "exited", exitCode: (JSON.parse(payload.toString()) as ExitPayload).exitCode });
  } else if (kind === "error") {
    reject(parseError(JSON.parse(payload.toString()) as ErrorDocument));
  } else if (kind === "detach") {
    resolve({ kind: "detached" });
  }
}

/** Send standard input as it comes, no faster than netd takes it; its end is an empty frame. */
function sendStdin(
  { socket }: FrameConnection,
  stdin: Readable,
  keys: DetachKeys | undefined,
  onDetached: () => void,
): void {
  stdin.on("data", (bytes: Buffer) => {
    const { forward, isDetached } = keys?.push(bytes) ?? { forward: bytes, isDetached: false };
    const hasRoom = forward.length === 0 || socket.write(formatFrame("stdin", forward));
    if (isDetached) {
      socket.write(formatFrame("detach", Buffer.alloc(0)), onDetached);
    } else if (!hasRoom) {
      stdin.pause();
      socket.once("drain", () => stdin.resume());
    }
  });
  const close = (): void => {
    if (socket.writable) socket.write(formatFrame("stdin", Buffer.alloc(0)));
  };
  stdin.on("end", close);
  // A terminal that hung up, or an input that cannot be read: for the process it has ended.
  stdin.on("error", close);
}
