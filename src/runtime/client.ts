/**
 * netd's end of the runtime's socket.
 *
 * @module
 */
import { connect as connectSocket, type Socket } from "node:net";
import { formatError, NetdError, parseError } from "../errors.ts";
import { LineParser } from "./line-parser.ts";
import type { RuntimeAnswer, RuntimeEvent, RuntimeMethod, RuntimeMethods } from "./protocol.ts";

/** A stream connection after its answer: from here on, both sides speak the frames of `src/stream`. */
export interface RuntimeStream<M extends RuntimeMethod> {
  result: RuntimeMethods[M]["result"];
  /** Paused; the caller closes it. */
  socket: Socket;
  /** Bytes that came behind the answer: the first ones of the frames. */
  rest: Buffer;
}

interface Waiter {
  resolve: (result: unknown) => void;
  reject: (error: NetdError) => void;
}

/** A control connection to netd-runtime. */
export class RuntimeClient implements AsyncDisposable {
  /** Settles when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #path: string;
  readonly #socket: Socket;
  readonly #waiters = new Map<number, Waiter>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #nextId = 1;

  private constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
    const lines = new LineParser();
    socket.on("data", (bytes: Buffer) => {
      for (const line of lines.push(bytes)) this.#take(JSON.parse(line) as RuntimeAnswer | RuntimeEvent);
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        for (const waiter of this.#waiters.values()) waiter.reject(unavailable(path, "the connection ended"));
        this.#waiters.clear();
        resolve();
      });
    });
  }

  /**
   * Connect to the runtime that listens on the unix socket `path`.
   *
   * @throws {NetdError} RUNTIME_UNAVAILABLE when nobody listens there
   */
  static async connect(path: string): Promise<RuntimeClient> {
    return new RuntimeClient(path, await connectTo(path));
  }

  /**
   * Ask for one thing.
   *
   * @throws {NetdError} what the runtime answers, or RUNTIME_UNAVAILABLE when it is gone
   */
  call<M extends RuntimeMethod>(method: M, params: RuntimeMethods[M]["params"]): Promise<RuntimeMethods[M]["result"]> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(unavailable(this.#path, "the connection ended"));
        return;
      }
      const id = this.#nextId++;
      this.#waiters.set(id, { resolve: resolve as Waiter["resolve"], reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Call `listener` with each event until the returned function is called. Events come after `hello` only. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Make a connection of its own for `start`, `attach` or `exec` with their standard streams.
   *
   * @throws {NetdError} what the runtime answers, or RUNTIME_UNAVAILABLE when it is gone
   */
  async openStream<M extends "start" | "attach" | "exec">(
    method: M,
    params: RuntimeMethods[M]["params"],
  ): Promise<RuntimeStream<M>> {
    return await this.useStream(await this.connectStream(), method, params);
  }

  /** Make the connection of {@link useStream}. @throws {NetdError} RUNTIME_UNAVAILABLE when the runtime is gone */
  async connectStream(): Promise<Socket> {
    return await connectTo(this.#path);
  }

  /** Ask on a connection of {@link connectStream}, as {@link openStream} does; the question is sent before this returns. */
  async useStream<M extends "start" | "attach" | "exec">(
    socket: Socket,
    method: M,
    params: RuntimeMethods[M]["params"],
  ): Promise<RuntimeStream<M>> {
    socket.write(`${JSON.stringify({ id: 1, method, params })}\n`);
    try {
      const { line, rest } = await readLine(socket, this.#path);
      const answer = JSON.parse(line) as RuntimeAnswer;
      if ("error" in answer) throw parseError(answer.error);
      return { result: answer.result as RuntimeMethods[M]["result"], socket, rest };
    } catch (error) {
      socket.destroy();
      throw error instanceof NetdError ? error : parseError(formatError(error));
    }
  }

  /** End the connection; containers go on. */
  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  #take(message: RuntimeAnswer | RuntimeEvent): void {
    if ("event" in message) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiter = this.#waiters.get(message.id);
    this.#waiters.delete(message.id);
    if (waiter === undefined) return;
    if ("error" in message) waiter.reject(parseError(message.error));
    else waiter.resolve(message.result);
  }
}

function unavailable(path: string, state: string, cause?: unknown): NetdError {
  return new NetdError("RUNTIME_UNAVAILABLE", `Cannot talk to netd-runtime at "${path}": ${state}`, {
    remedy: "Start netd again; it starts netd-runtime, and running containers are found again",
    cause,
  });
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path });
    const onError = (error: Error) => reject(unavailable(path, error.message, error));
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

/** Read one line and leave the socket paused. */
function readLine(socket: Socket, path: string): Promise<{ line: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    const finish = (act: () => void) => {
      socket.off("data", onData).off("error", onEnd).off("close", onEnd);
      act();
    };
    const onEnd = () => finish(() => reject(unavailable(path, "it hung up before it answered")));
    const onData = (bytes: Buffer) => {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const end = head.indexOf(0x0a);
      if (end < 0) return;
      socket.pause();
      finish(() => resolve({ line: head.toString("utf8", 0, end), rest: head.subarray(end + 1) }));
    };
    socket.on("data", onData).on("error", onEnd).on("close", onEnd);
  });
}
