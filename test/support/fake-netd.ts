import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One request as it arrived: head and body as text. */
export interface FakeRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Bytes to answer with; the socket is given for those who go on. */
export type FakeHandler = (request: FakeRequest, socket: Socket) => string | Buffer | undefined;

/** A hand-written server on a unix socket that answers whatever a test wants, byte for byte. */
export class FakeNetd implements AsyncDisposable {
  readonly socketPath: string;
  readonly requests: FakeRequest[] = [];
  readonly #directory: string;
  readonly #server: Server;

  private constructor(directory: string, handler: FakeHandler, isEager: boolean) {
    this.#directory = directory;
    this.socketPath = join(directory, "netd.sock");
    this.#server = createServer((socket) => this.#serve(socket, handler, isEager));
  }

  /** Listen; an eager server answers as soon as it has the head of a request, drops the rest, and leaves closing to the client. */
  static async listen(handler: FakeHandler, options: { isEager?: boolean } = {}): Promise<FakeNetd> {
    const fake = new FakeNetd(mkdtempSync(join(tmpdir(), "fake-netd-")), handler, options.isEager === true);
    fake.#server.listen(fake.socketPath);
    await once(fake.#server, "listening");
    return fake;
  }

  /** A response with a JSON body. */
  static json(status: number, value: unknown): string {
    const body = JSON.stringify(value);
    return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #serve(socket: Socket, handler: FakeHandler, isEager: boolean): void {
    let text = "";
    let isAnswered = false;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      if (isAnswered) return;
      text += bytes.toString("latin1");
      const request = parseRequest(text, isEager);
      if (request === undefined) return;
      isAnswered = true;
      this.requests.push(request);
      const answer = handler(request, socket);
      if (answer === undefined) return;
      if (isEager) socket.write(answer);
      else socket.end(answer);
    });
  }
}

function parseRequest(text: string, isEager: boolean): FakeRequest | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(lines.map((line) => line.split(": ", 2))) as Record<string, string>;
  const body = text.slice(end + 4);
  const isWhole =
    headers["Transfer-Encoding"] === "chunked"
      ? body.endsWith("0\r\n\r\n")
      : body.length >= Number(headers["Content-Length"] ?? 0);
  return isWhole || isEager ? { method, path, headers, body } : undefined;
}
