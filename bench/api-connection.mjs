// One keep-alive connection to netd's unix socket.
import { Agent, request } from "node:http";

const FRAME_HEADER_BYTES = 5;
const FRAME_EXIT = 4;

/** Sends requests one after the other over one connection. */
export class ApiConnection {
  #socketPath;
  // netd closes a connection that is idle for longer.
  #agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: 2000 });

  constructor(socketPath) {
    this.#socketPath = socketPath;
  }

  /** The answer's document. Rejects unless the status is 2xx. */
  async call(method, path, document) {
    const body = document === undefined ? undefined : JSON.stringify(document);
    const headers =
      body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const options = { agent: this.#agent, socketPath: this.#socketPath, method, path, headers };
    const { status, text } = await new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        let received = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          received += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, text: received }));
      });
      sent.on("error", reject);
      sent.end(body);
    });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Run a process by an upgrade request; its exit code, from the last frame. */
  async exec(path, spec) {
    const body = JSON.stringify(spec);
    const headers = {
      connection: "Upgrade",
      upgrade: "netd-stream",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    return await new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socketPath, method: "POST", path, headers });
      sent.on("error", reject);
      sent.on("response", ({ statusCode }) => reject(new Error(`POST ${path}: ${statusCode}`)));
      sent.on("upgrade", (_response, socket, head) => {
        let received = head;
        const look = () => {
          const exitCode = findExit(received);
          if (exitCode === undefined) return;
          socket.destroy();
          resolve(exitCode);
        };
        socket.on("data", (bytes) => {
          received = Buffer.concat([received, bytes]);
          look();
        });
        socket.on("close", () => reject(new Error(`POST ${path}: no exit code`)));
        look();
      });
      sent.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** Find the exit code among frames of one byte of kind, four of length, and a payload. */
function findExit(bytes) {
  for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length; ) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) return undefined;
    if (bytes[at] === FRAME_EXIT) return JSON.parse(bytes.toString("utf8", at + FRAME_HEADER_BYTES, end)).exitCode;
    at = end;
  }
  return undefined;
}
