// One keep-alive connection to netd's unix socket.
import { Agent, request } from "node:http";

/** Sends requests one after the other over one connection. */
export class ApiConnection {
  #socketPath;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });

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

  close() {
    this.#agent.destroy();
  }
}
