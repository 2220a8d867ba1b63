/**
 * The runtime's socket: control connections and stream connections.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { type ErrorDocument, formatError, NetdError } from "../errors.ts";
import type { ForkServer } from "../kernel/process/index.ts";
import { LineParser } from "./line-parser.ts";
import type { RuntimeEvent, RuntimeMethod, RuntimeMethods, RuntimeRequest } from "./protocol.ts";
import type { StreamPeer } from "./stream-client.ts";
import type { Supervisor } from "./supervisor.ts";

/** What {@link RuntimeServer} answers with. */
export interface RuntimeServerOptions {
  supervisor: Supervisor;
  forkServer: ForkServer;
  version: string;
  /** Called after the answer to `shutdown` is on its way. */
  onShutdown: () => void;
}

/** Longest request, in bytes. */
const LINE_MAX_BYTES = 4 << 20;
const STREAM_METHODS: readonly string[] = ["start", "attach", "exec"] satisfies RuntimeMethod[];

/** Listens on a unix socket and passes requests on. */
export class RuntimeServer {
  readonly #options: RuntimeServerOptions;
  readonly #server: Server;
  /** Control connections that said hello. */
  readonly #listeners = new Set<Socket>();

  constructor(options: RuntimeServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listen on the unix socket `path`, which only root may use. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      const mask = process.umask(0o177);
      this.#server.listen(path, () => {
        this.#server.off("error", reject);
        resolve();
      });
      process.umask(mask);
    });
  }

  /** Tell every control connection that said hello. */
  emit(event: RuntimeEvent): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const socket of this.#listeners) socket.write(line);
  }

  #accept(socket: Socket): void {
    const lines = new LineParser();
    let isFirst = true;
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#listeners.delete(socket)) this.#options.supervisor.gates.callOffAll();
    });
    const onData = (bytes: Buffer) => {
      // The first line decides what the connection is, and what follows it may be frames.
      const cut = isFirst ? bytes.indexOf(0x0a) + 1 : 0;
      const [first, ...others] = lines.push(cut === 0 ? bytes : bytes.subarray(0, cut));
      const rest = cut === 0 ? undefined : bytes.subarray(cut);
      if (lines.heldBytes > LINE_MAX_BYTES) socket.destroy();
      if (first === undefined) return;
      const request = parseRequest(first);
      if (request === undefined) {
        socket.destroy();
        return;
      }
      if (isFirst && STREAM_METHODS.includes(request.method)) {
        socket.off("data", onData);
        socket.pause();
        void this.#serveStream(request, { socket, rest: rest ?? Buffer.alloc(0) });
        return;
      }
      isFirst = false;
      void this.#serve(request, socket);
      for (const line of rest === undefined ? others : lines.push(rest)) {
        const next = parseRequest(line);
        if (next === undefined) socket.destroy();
        else void this.#serve(next, socket);
      }
    };
    socket.on("data", onData);
  }

  async #serve({ id, method, params }: RuntimeRequest, socket: Socket): Promise<void> {
    try {
      sendResult(socket, id, await this.#answer(method, params, socket));
      if (method === "shutdown") socket.end(() => this.#options.onShutdown());
    } catch (error) {
      sendError(socket, id, formatError(error));
    }
  }

  async #answer(method: RuntimeMethod, params: unknown, socket: Socket): Promise<unknown> {
    const { supervisor, forkServer, version } = this.#options;
    const handlers: { [M in RuntimeMethod]: (params: RuntimeMethods[M]["params"]) => unknown } = {
      hello: () => {
        this.#listeners.add(socket);
        const { counters, sparePid } = forkServer;
        return { version, pid: process.pid, containers: supervisor.list(), ...counters, sparePid };
      },
      start: (start) => supervisor.start(start),
      release: ({ gate, isGo }) => {
        supervisor.gates.release(gate, isGo);
        return {};
      },
      attach: () => {
        throw new NetdError(
          "API_REQUEST_INVALID",
          "Cannot attach on a control connection: a stream connection is needed",
        );
      },
      exec: async (exec) => {
        let result: RuntimeMethods["exec"]["result"] | undefined;
        await supervisor.exec({ ...exec, detach: true }, (started) => {
          result = started;
          return undefined;
        });
        return result;
      },
      status: ({ containerId }) => supervisor.status(containerId),
      signal: ({ containerId, signal }) => {
        supervisor.signal(containerId, signal);
        return {};
      },
      remove: async ({ containerId }) => {
        await supervisor.remove(containerId);
        return {};
      },
      prepare: ({ seccomp }) => {
        supervisor.seccomp.compile(seccomp);
        return {};
      },
      show: (start) => ({ commands: supervisor.show(start) }),
      descriptors: () => ({ descriptors: supervisor.descriptors() }),
      restoreDescriptors: (restore) => {
        supervisor.restoreDescriptors(restore);
        return {};
      },
      shutdown: () => ({}),
    };
    const handler = handlers[method] as ((params: unknown) => unknown) | undefined;
    if (handler !== undefined) return await handler(params);
    throw new NetdError("API_REQUEST_INVALID", `Cannot do "${String(method)}": the runtime has no such method`);
  }

  async #serveStream({ id, method, params }: RuntimeRequest, peer: StreamPeer): Promise<void> {
    const { supervisor } = this.#options;
    const { socket } = peer;
    try {
      if (method === "start") {
        const start = params as RuntimeMethods["start"]["params"];
        await supervisor.start(start, (result) => {
          sendResult(socket, id, result);
          return peer;
        });
      } else if (method === "attach") {
        const { containerId } = params as RuntimeMethods["attach"]["params"];
        supervisor.checkAttachable(containerId);
        sendResult(socket, id, {});
        supervisor.attach(containerId, peer);
      } else {
        const exec = params as RuntimeMethods["exec"]["params"];
        await supervisor.exec(exec, (result) => {
          sendResult(socket, id, result);
          if (!exec.detach) return peer;
          socket.end();
          return undefined;
        });
      }
    } catch (error) {
      sendError(socket, id, formatError(error));
      socket.end();
    }
  }
}

function parseRequest(line: string): RuntimeRequest | undefined {
  try {
    const request = JSON.parse(line) as RuntimeRequest;
    return typeof request.id === "number" && typeof request.method === "string" ? request : undefined;
  } catch {
    return undefined;
  }
}

function sendResult(socket: Socket, id: number, result: unknown): void {
  socket.write(`${JSON.stringify({ id, result })}\n`);
}

function sendError(socket: Socket, id: number, error: ErrorDocument): void {
  socket.write(`${JSON.stringify({ id, error })}\n`);
}
