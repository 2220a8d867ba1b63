/**
 * One HTTP request over one connection of the unix socket, and its response.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { NetdError } from "../errors.ts";
import { type HttpHead, HttpParser } from "./http-parser.ts";

const EMPTY = Buffer.alloc(0);

/** A request; `path` holds the query. */
export interface HttpRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** Bytes known beforehand, or as they come (sent chunked). */
  body?: Buffer | AsyncIterable<Buffer>;
}

/** A response whose body is still coming. */
export interface HttpResponse extends HttpHead {
  /** The body; leaving the loop early closes the connection. */
  body: AsyncIterable<Buffer>;
  /** The connection, for what follows a 101. */
  socket: Socket;
  /** After a 101: bytes that already belong to the new protocol. */
  rest: Buffer;
}

/**
 * Send a request to a unix socket and wait for the head of its response.
 *
 * @throws {NetdError} DAEMON_NOT_RUNNING when nobody listens or the connection breaks; SOCKET_FORBIDDEN.
 */
export async function exchangeHttp(socketPath: string, request: HttpRequest): Promise<HttpResponse> {
  const socket = connect(socketPath);
  const chunks = readSocket(socket);
  const upload: Upload = { isAnswered: false };
  try {
    // The connection is not asked to close: netd would end it with an early answer, and a write that fails then loses that answer.
    sendRequest(socket, request, upload);
    const parser = new HttpParser();
    for (;;) {
      const next = await chunks.next();
      const events = next.done ? parser.close() : parser.push(next.value);
      const [first, ...others] = events;
      if (first?.type !== "head") continue;
      upload.isAnswered = true;
      const end = others.find((event) => event.type === "end");
      // Only a reader that let go of the socket leaves its bytes to the new protocol.
      if (first.head.status === 101) await chunks.return(undefined);
      return { ...first.head, socket, rest: end?.rest ?? EMPTY, body: readBody(others, parser, chunks, socket) };
    }
  } catch (error) {
    socket.destroy();
    throw explainSocketError(error, socketPath);
  }
}

/** What the sending side of an exchange knows of the receiving one. */
interface Upload {
  /** The response began: netd has seen enough of the request. */
  isAnswered: boolean;
}

type BodyEvent = ReturnType<HttpParser["push"]>[number];

async function* readBody(
  first: BodyEvent[],
  parser: HttpParser,
  chunks: AsyncGenerator<Buffer, undefined>,
  socket: Socket,
): AsyncGenerator<Buffer, void> {
  try {
    let events = first;
    for (;;) {
      for (const event of events) {
        if (event.type === "body") yield event.bytes;
        if (event.type === "end") return;
      }
      const next = await chunks.next();
      events = next.done ? parser.close() : parser.push(next.value);
    }
  } catch (error) {
    throw explainSocketError(error, "netd's socket");
  } finally {
    socket.destroy();
  }
}

/** The socket's bytes as they come; leaves it open, so that it can be handed on after a 101. */
async function* readSocket(socket: Socket): AsyncGenerator<Buffer, undefined, undefined> {
  yield* socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  return undefined;
}

function sendRequest(socket: Socket, request: HttpRequest, upload: Upload): void {
  const { method, path, body } = request;
  const headers: Record<string, string> = { Host: "netd", ...request.headers };
  if (Buffer.isBuffer(body)) headers["Content-Length"] = String(body.length);
  else if (body !== undefined) headers["Transfer-Encoding"] = "chunked";
  else if (method !== "GET") headers["Content-Length"] = "0";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  if (body === undefined || Buffer.isBuffer(body)) {
    socket.write(body === undefined ? head : Buffer.concat([head, body]));
    return;
  }
  socket.write(head);
  void sendChunks(socket, body, upload);
}

/** Send a body of unknown length until it ends or is answered. */
async function sendChunks(socket: Socket, body: AsyncIterable<Buffer>, upload: Upload): Promise<void> {
  try {
    for await (const bytes of body) {
      if (bytes.length === 0) continue;
      if (upload.isAnswered || !socket.writable) return;
      socket.cork();
      socket.write(`${bytes.length.toString(16)}\r\n`);
      socket.write(bytes);
      const hasRoom = socket.write("\r\n");
      socket.uncork();
      if (!hasRoom) await drained(socket);
    }
    socket.write("0\r\n\r\n");
  } catch (error) {
    socket.destroy(error as Error);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

function explainSocketError(error: unknown, socketPath: string): unknown {
  if (error instanceof NetdError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") {
    return new NetdError(
      "SOCKET_FORBIDDEN",
      `Cannot open '${socketPath}': this user may not, root or its group wanted`,
      {
        remedy: "Run the command as root, or join the group that owns the socket",
        cause: error,
      },
    );
  }
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK" || code === "ENOTDIR") {
    return new NetdError("DAEMON_NOT_RUNNING", `Cannot reach netd: nobody listens on '${socketPath}'`, {
      remedy: "Start it as root with 'netd', or try everything in a private host with 'netctl sandbox'",
      cause: error,
    });
  }
  if (code === "ECONNRESET" || code === "EPIPE" || error instanceof RangeError) {
    return new NetdError("DAEMON_NOT_RUNNING", `Cannot hear netd to the end: ${message}`, {
      remedy: "See whether netd still runs with 'netctl info', and what it logged",
      cause: error,
    });
  }
  return error;
}
