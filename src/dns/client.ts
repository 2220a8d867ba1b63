/**
 * netd's end of the resolver's socket.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { NetdError, parseError } from "../errors.ts";
import type { DnsAnswer, DnsRequest } from "./protocol.ts";

/** A request without its number, which the client gives. */
export type DnsCall = DnsRequest extends infer R ? (R extends DnsRequest ? Omit<R, "id"> : never) : never;

/** What a resolver says of itself. */
export interface DnsHello {
  pid: number;
  version: string;
}

interface Waiting {
  resolve: (result: DnsHello | undefined) => void;
  reject: (error: NetdError) => void;
}

/** A connection to netd-dns. It does not connect again by itself. */
export class DnsClient implements AsyncDisposable {
  /** Settles when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        for (const { reject } of this.#waiting.values()) reject(unavailable("the connection ended"));
        this.#waiting.clear();
        resolve();
      });
    });
    socket.on("error", () => socket.destroy());
    // An interface passes on its input's errors; nobody would hear these.
    createInterface({ input: socket })
      .on("line", (line) => this.#take(line))
      .on("error", () => {});
  }

  /**
   * Connect to the resolver that listens on the unix socket `path`.
   *
   * @throws {NetdError} DNS_UNAVAILABLE
   */
  static async connect(path: string): Promise<DnsClient> {
    return await new Promise((resolve, reject) => {
      const socket = connect({ path });
      const onError = (error: Error) => reject(unavailable(error.message, error));
      socket.once("error", onError);
      socket.once("connect", () => {
        socket.off("error", onError);
        resolve(new DnsClient(socket));
      });
    });
  }

  /**
   * Ask for one thing; resolves once it is in force.
   *
   * @throws {NetdError} what the resolver answers, or DNS_UNAVAILABLE when it is gone
   */
  request(call: DnsCall & { method: "hello" }): Promise<DnsHello>;
  request(call: DnsCall): Promise<DnsHello | undefined>;
  request(call: DnsCall): Promise<DnsHello | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(unavailable("the connection ended"));
        return;
      }
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ ...call, id })}\n`);
    });
  }

  /** End the connection; the resolver goes on. */
  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  #take(line: string): void {
    const answer = JSON.parse(line) as DnsAnswer;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(parseError(answer.error));
    else waiting?.resolve(answer.result);
  }
}

function unavailable(state: string, cause?: unknown): NetdError {
  return new NetdError("DNS_UNAVAILABLE", `Cannot talk to netd-dns: ${state}`, {
    remedy: "Start netd again; it starts netd-dns and tells it all names",
    cause,
  });
}
