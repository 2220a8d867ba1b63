/**
 * Upgrades of a request to a two-way stream of frames: attach and exec. netd passes the bytes on and looks only for the last frame, which it
 * holds back until the daemon has dealt with the container's end, so that who sees the exit code also sees the new state.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Value } from "typebox/value";
import { ExecSpec } from "../../api/index.ts";
import { formatError, NetdError } from "../../errors.ts";
import { type Frame, FrameParser, formatFrame } from "../../stream/index.ts";
import type { AnyRuntimeStream } from "../container/lifecycle.ts";
import type { Daemon } from "../daemon.ts";

const ROUTE = /^\/v1\/containers\/([^/]+)\/(attach|exec)$/;
/** Largest body of an upgrade request, in bytes. */
const BODY_LIMIT_BYTES = 1 << 20;
const PROTOCOL = "netd-stream";

/** Answer one upgrade request; never throws. */
export async function handleUpgrade(
  daemon: Daemon,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  try {
    const { body, rest } = await readBody(request, socket, head);
    const opened = await openStream(daemon, request, body);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`);
    if (rest.length > 0) opened.stream.socket.write(rest);
    splice(socket, opened);
  } catch (error) {
    const shown = error instanceof NetdError ? error : new NetdError("INTERNAL", String(error), { cause: error });
    const text = JSON.stringify(formatError(shown));
    socket.end(
      `HTTP/1.1 ${shown.status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
}

interface OpenedStream {
  stream: AnyRuntimeStream;
  /** Settles when the exit frame may be shown. */
  settled: () => Promise<unknown>;
}

async function openStream(daemon: Daemon, request: IncomingMessage, body: Buffer): Promise<OpenedStream> {
  const url = new URL(request.url ?? "/", "http://netd");
  const match = ROUTE.exec(url.pathname);
  if (match === null || request.method !== "POST" || request.headers.upgrade !== PROTOCOL) {
    throw new NetdError(
      "API_ROUTE_UNKNOWN",
      `Cannot upgrade ${request.method} ${url.pathname}: there is no such stream`,
      {
        remedy: "See /v1/openapi.json for the routes",
      },
    );
  }
  const reference = decodeReference(match[1]!);
  if (match[2] === "exec") return { stream: await daemon.exec(reference, parseExec(body)), settled: async () => {} };
  const isStarting = url.searchParams.get("start") === "1";
  return await daemon.attach(reference, isStarting);
}

function decodeReference(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new NetdError("API_REQUEST_INVALID", `Cannot accept the request: '${text}' is not percent-encoded`, {
      remedy: "Encode '%' as '%25'",
      cause,
    });
  }
}

function parseExec(body: Buffer): ExecSpec {
  let spec: unknown;
  try {
    spec = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new NetdError("API_REQUEST_INVALID", "Cannot accept the request: its body is not JSON", {
      remedy: "Send JSON as /v1/openapi.json describes it",
      cause,
    });
  }
  if (!Value.Check(ExecSpec, spec)) {
    const [first] = Value.Errors(ExecSpec, spec);
    const where = `body${first?.instancePath.replaceAll("/", ".") ?? ""}`;
    throw new NetdError("API_REQUEST_INVALID", `Cannot accept the request: ${where} ${first?.message ?? "is wrong"}`, {
      remedy: "See /v1/openapi.json for what the request may hold",
    });
  }
  return spec;
}

/** Read the body that the HTTP parser leaves alone in an upgrade request: as long as Content-Length says. */
async function readBody(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<{ body: Buffer; rest: Buffer }> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > BODY_LIMIT_BYTES) {
    throw new NetdError(
      "API_BODY_TOO_LARGE",
      `Cannot accept the request: its body is larger than ${BODY_LIMIT_BYTES} bytes`,
    );
  }
  let bytes = head;
  while (bytes.length < length) {
    const chunk = await nextChunk(socket);
    bytes = Buffer.concat([bytes, chunk]);
  }
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

async function nextChunk(socket: Duplex): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const forget = () => {
      socket.off("data", onData);
      socket.off("close", onClose);
    };
    const onData = (chunk: Buffer) => {
      socket.pause();
      forget();
      resolve(chunk);
    };
    const onClose = () => {
      forget();
      reject(
        new NetdError("API_REQUEST_INVALID", "Cannot accept the request: the connection closed before its body ended"),
      );
    };
    socket.on("data", onData);
    socket.on("close", onClose);
    socket.resume();
  });
}

/** Pass bytes both ways until either side ends. */
function splice(client: Duplex, { stream, settled }: OpenedStream): void {
  const runtime: Socket = stream.socket;
  const parser = new FrameParser();
  let hasEnded = false;
  const passOn = (bytes: Buffer): void => {
    for (const frame of parser.push(bytes)) {
      hasEnded ||= frame.kind === "exit";
      void passFrame(client, runtime, frame, settled);
    }
  };
  client.on("drain", () => runtime.resume());
  client.on("close", () => runtime.destroy());
  client.pipe(runtime);
  runtime.on("error", () => runtime.destroy());
  runtime.on("close", () => {
    if (!hasEnded) client.end();
    // What nobody takes any more is thrown away: a client that is not read from is never seen to leave.
    client.unpipe(runtime).resume();
  });
  if (stream.rest.length > 0) passOn(stream.rest);
  runtime.on("data", passOn);
  client.resume();
  runtime.resume();
}

async function passFrame(
  client: Duplex,
  runtime: Socket,
  frame: Frame,
  settled: () => Promise<unknown>,
): Promise<void> {
  const bytes = formatFrame(frame.kind, frame.payload);
  if (frame.kind === "exit") {
    await settled();
    client.end(bytes);
  } else if (!client.write(bytes)) {
    runtime.pause();
  }
}
