// Asks a name server for one address (RFC 1035, 4.1).
import { createSocket } from "node:dgram";

const TYPE_A = 1;
const CLASS_IN = 1;

/** Asks one server, over one socket, one question at a time. */
export class DnsClient {
  #socket = createSocket("udp4");
  #id = 0;

  async connect(server) {
    await new Promise((resolve) => this.#socket.connect(53, server, resolve));
  }

  /** The address of a name. Rejects when there is none. */
  async ask(name) {
    this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
    const query = [id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, TYPE_A, 0, CLASS_IN];
    const answer = await new Promise((resolve) => {
      const onMessage = (message) => {
        if (message.readUInt16BE(0) !== id) return;
        this.#socket.off("message", onMessage);
        resolve(message);
      };
      this.#socket.on("message", onMessage);
      this.#socket.send(Buffer.from(query));
    });
    const count = answer.readUInt16BE(6);
    if ((answer[3] & 15) !== 0 || count === 0) throw new Error(`${name} has no address: code ${answer[3] & 15}`);
    if (count !== 1) throw new Error(`${name} has ${count} addresses`);
    // A question without extensions gets an answer without: it ends with the address.
    return answer.subarray(-4).join(".");
  }

  close() {
    this.#socket.close();
  }
}
